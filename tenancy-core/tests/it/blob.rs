//! Tenants' files, in memory and in a folder.

mod contract;
mod faults;
mod folder;
mod keys;
mod quota;
#[cfg(feature = "blob-s3")]
mod s3;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tempfile::TempDir;
use tenancy_core::blob::{BlobKey, BlobStore, Blobs, BlobsBuilder};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Error, Purpose, Tenant, TenantId, TenantScope, Tenants};

/// Two tenants, and the store that they share.
struct Place {
    tenants: Tenants,
    store: BlobStore,
    a: TenantScope,
    b: TenantScope,
    folder: Option<TempDir>,
}

impl Place {
    async fn memory() -> Self {
        Self::new(BlobStore::memory(), None).await
    }

    async fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::folder(folder.path().join("blobs")).unwrap();
        Self::new(store, Some(folder)).await
    }

    async fn new(store: BlobStore, folder: Option<TempDir>) -> Self {
        let registry = InMemoryTenants::default();
        let add = |slug: &str| {
            let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
            registry.add(&tenant).unwrap().id
        };
        let ids = [add("a"), add("b")];
        let tenants = Tenants::new(registry);
        let [a, b] = ids.map(|id| tenants.scope(id, Actor::system("tests"), Purpose::Request));
        let (a, b) = (a.await.unwrap(), b.await.unwrap());
        Self {
            tenants,
            store,
            a,
            b,
            folder,
        }
    }

    fn builder(&self) -> BlobsBuilder {
        Blobs::builder(&self.tenants, self.store.clone())
    }

    fn blobs(&self) -> Blobs {
        self.builder().build()
    }

    /// The same tenant as `scope`, for platform work.
    async fn platform(&self, scope: &TenantScope) -> TenantScope {
        let platform = self.tenants.platform(Actor::system("tests"));
        platform.tenant(scope.tenant_id()).await.unwrap()
    }
}

fn key(text: &str) -> BlobKey {
    text.parse().unwrap()
}

/// A blob's content in pieces.
fn pieces(
    pieces: impl IntoIterator<Item = impl Into<Bytes>>,
) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::iter(
        pieces
            .into_iter()
            .map(|piece| Ok(piece.into()))
            .collect::<Vec<_>>(),
    )
}

async fn read(blobs: &Blobs, scope: &TenantScope, name: &str) -> Result<Bytes, Error> {
    let found = blobs.get(scope, &key(name), None).await?;
    found.into_bytes(u64::MAX).await
}
