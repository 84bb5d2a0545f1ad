//! Tenants, and the requests that belong to them.
mod error;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod journal;
pub mod meter;
pub mod registry;
pub mod resolve;
pub mod scope;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod sql;
pub mod tenant;
mod tenants;
pub mod time;

pub use crate::error::{Error, ErrorKind};
pub use crate::scope::{Actor, PlatformScope, Purpose, TenantScope};
pub use crate::tenant::{Slug, Tenant, TenantId};
pub use crate::tenants::{Tenants, TenantsBuilder};
