//! Tenants, and the requests that belong to them.
mod error;
pub mod meter;
pub mod registry;
pub mod resolve;
pub mod scope;
pub mod tenant;
mod tenants;
pub mod time;

pub use crate::error::{Error, ErrorKind};
pub use crate::scope::{Actor, PlatformScope, Purpose, TenantScope};
pub use crate::tenant::{Slug, Tenant, TenantId};
pub use crate::tenants::{Tenants, TenantsBuilder};
