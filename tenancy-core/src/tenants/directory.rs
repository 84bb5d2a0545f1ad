use std::future::Future;
use std::pin::Pin;

use crate::error::Error;
use crate::registry::{Address, Changes, Directory};
use crate::tenant::Tenant;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Directory`] as an object, so that [`Tenants`](super::Tenants) is one concrete type. Only
/// misses and change checks go through it, so the boxes cost nothing on the way of a request.
pub(super) trait DynDirectory: Send + Sync {
    fn find<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Option<Tenant>, Error>>;

    fn changes(&self, revision: u64) -> BoxFuture<'_, Result<Option<Changes>, Error>>;

    fn local_changes(&self) -> u64;
}

impl<D: Directory> DynDirectory for D {
    fn find<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Option<Tenant>, Error>> {
        Box::pin(Directory::find(self, address))
    }

    fn changes(&self, revision: u64) -> BoxFuture<'_, Result<Option<Changes>, Error>> {
        Box::pin(Directory::changes(self, revision))
    }

    fn local_changes(&self) -> u64 {
        Directory::local_changes(self)
    }
}

/// A closure as a directory that cannot tell of changes.
pub(super) struct FromFn<F>(pub(super) F);

impl<F, Answer> Directory for FromFn<F>
where
    F: Fn(Address) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Option<Tenant>, Error>> + Send + 'static,
{
    async fn find(&self, address: &Address) -> Result<Option<Tenant>, Error> {
        (self.0)(address.clone()).await
    }
}
