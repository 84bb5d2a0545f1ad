//! Tenants' files: in memory, in a folder, or in S3 and what speaks its language.
//!
//! [`Blobs`] is opened by a tenant's scope, and a [`BlobKey`] is made of parts that cannot lead out of
//! the tenant's own place. A file is written as it comes in and appears at once and whole, with the hash
//! of its content; one that was not finished leaves nothing that can be seen.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use futures_util::stream;
//! use tenancy_core::blob::{BlobStore, Blobs};
//! # use tenancy_core::registry::InMemoryTenants;
//! use tenancy_core::{Actor, Error, ErrorKind, Purpose, Tenant, TenantId, Tenants};
//!
//! # let registry = InMemoryTenants::default();
//! # let acme = registry.add(&Tenant::new(TenantId::generate(), "acme".parse()?))?;
//! # let tenants = Tenants::new(registry);
//! # let scope = tenants.scope(acme.id, Actor::system("example"), Purpose::Request).await?;
//! let blobs = Blobs::builder(&tenants, BlobStore::memory()).quota(|_| 1024).build();
//! let content = stream::iter([Ok::<_, Error>("Hello, ".into()), Ok("world".into())]);
//! let stored = blobs.put(&scope, &"greetings/english.txt".parse()?, content).await?;
//! assert_eq!(stored.bytes, 12);
//!
//! let large = stream::iter([Ok::<_, Error>(vec![0; 1024].into())]);
//! let error = blobs.put(&scope, &"large.bin".parse()?, large).await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
//! # Ok(())
//! # }
//! ```

mod account;
mod blobs;
mod content;
mod error;
mod key;
mod probe;
#[cfg(feature = "blob-s3")]
mod s3;
mod store;
mod upload;

pub use self::blobs::{BlobInfo, Blobs, BlobsBuilder, Stored};
pub use self::content::Blob;
pub use self::key::{BlobKey, InvalidBlobKey};
pub use self::store::BlobStore;
