//! Tenants, and the requests that belong to them.
//!
//! A [`Tenant`] is a customer of a platform: a permanent [`TenantId`], and the [`Slug`] seen in
//! URLs. [`Tenants`] finds them fast and is the only maker of [`TenantScope`]s, the right to work
//! for one of them; whatever keeps a tenant's data asks for a scope.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_core::registry::InMemoryTenants;
//! use tenancy_core::{Actor, Purpose, Tenant, TenantId, Tenants};
//!
//! let registry = InMemoryTenants::default();
//! let acme = registry.add(&Tenant::new(TenantId::generate(), "acme".parse()?))?;
//! let tenants = Tenants::new(registry);
//!
//! let scope = tenants.scope(acme.id, Actor::system("example"), Purpose::Request).await?;
//! assert_eq!(scope.tenant().slug.as_str(), "acme");
//! assert!(tenants.scope(TenantId::generate(), Actor::anonymous(), Purpose::Request).await.is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # Feature flags
//! All off by default: `postgres` and `sqlite` add scoped transactions, the registry in SQL and
//! the journal; `blob` keeps tenants' files, and `blob-s3` does so in S3; `redis` a handle to Redis or
//! Valkey; `axum` its extractors; `html` sanitised text; `cursor` signed paging cursors; `outbound`
//! requests to other servers; `testing` the contract suites that implementations outside this crate
//! must pass.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blob")]
pub mod blob;
pub mod client_address;
#[cfg(feature = "cursor")]
pub mod cursor;
mod error;
#[cfg(all(doctest, feature = "sqlite"))]
mod guides;
#[cfg(feature = "html")]
pub mod html;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod journal;
pub mod json;
pub mod layer;
pub mod log_throttle;
pub mod meter;
#[cfg(feature = "outbound")]
pub mod outbound;
pub mod problem;
#[cfg(feature = "redis")]
pub mod redis;
pub mod registry;
pub mod resolve;
pub mod scope;
mod secret;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod sql;
pub mod tenant;
mod tenants;
pub mod time;

pub use crate::error::{Error, ErrorKind};
pub use crate::scope::{Actor, PlatformScope, Purpose, TenantScope};
pub use crate::secret::Secret;
pub use crate::tenant::{Slug, Tenant, TenantId};
pub use crate::tenants::{Tenants, TenantsBuilder};
