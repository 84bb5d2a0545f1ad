//! Where tenants and their addresses are kept.
//!
//! [`Directory`] is what resolution needs: find a tenant by an address, and tell which tenants
//! changed. [`TenantRegistry`] adds what an operator does. An application that keeps its tenants
//! elsewhere gives [`Tenants::from_fn`](crate::Tenants::from_fn) a closure instead.

#[cfg(feature = "testing")]
pub mod contract;
mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::memory::InMemoryTenants;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlTenants;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::sql::touch;
use crate::error::Error;
use crate::resolve::Host;
use crate::scope::Actor;
use crate::tenant::{Slug, Tenant, TenantId};
use crate::time::Time;

/// The most rows one page of a registry list holds.
pub const PAGE_ROWS_MAX: u32 = 500;

/// The most domains one tenant may have.
pub const DOMAINS_MAX: usize = 100;

/// What names a tenant.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Address {
    /// A domain of the tenant's own.
    Domain(Host),
    /// Its permanent id.
    Id(TenantId),
    /// Its slug, from a subdomain, a path or a header.
    Slug(Slug),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(host) => host.fmt(f),
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => slug.fmt(f),
        }
    }
}

/// Which tenants changed after some revision.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// The registry's revision now; it never falls.
    pub revision: u64,
    /// The tenants whose record, slug or domains changed; a deleted one is among them.
    pub tenants: Vec<TenantId>,
    /// Set when more changed than the list can hold: everything known must be read again.
    pub overflowed: bool,
}

/// Finds tenants by their addresses.
pub trait Directory: Send + Sync + 'static {
    /// The tenant with this address. `None` means that there is none; being unable to tell is an
    /// error, never `None`.
    fn find(&self, address: &Address)
    -> impl Future<Output = Result<Option<Tenant>, Error>> + Send;

    /// What changed after `revision`, in this process or another.
    ///
    /// `None`, the default, says that the directory cannot tell: then every answer is asked for
    /// again once it is a second old.
    fn changes(
        &self,
        revision: u64,
    ) -> impl Future<Output = Result<Option<Changes>, Error>> + Send {
        let _ = revision;
        async { Ok(None) }
    }

    /// A count that grows with every change made through this very value, so that its own
    /// process serves the new truth at once.
    fn local_changes(&self) -> u64 {
        0
    }
}

impl<D: Directory> Directory for Arc<D> {
    async fn find(&self, address: &Address) -> Result<Option<Tenant>, Error> {
        (**self).find(address).await
    }

    async fn changes(&self, revision: u64) -> Result<Option<Changes>, Error> {
        (**self).changes(revision).await
    }

    fn local_changes(&self) -> u64 {
        (**self).local_changes()
    }
}

/// A domain of a tenant's own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Domain {
    /// The host name.
    pub host: Host,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// When it was added.
    pub created_at: Time,
}

/// Keeps the platform's tenants and their domains.
///
/// Every change names who made it and is written to the platform's journal in the same
/// transaction, where the implementation keeps one. Implementations must pass the suite in
/// `registry::contract` (feature `testing`).
pub trait TenantRegistry: Directory {
    /// Adds a tenant, or fails with [`AddressTaken`](crate::ErrorKind::AddressTaken). The
    /// record's `revision` is the registry's to give.
    fn insert(
        &self,
        tenant: &Tenant,
        by: &Actor,
    ) -> impl Future<Output = Result<Tenant, Error>> + Send;

    /// Replaces a tenant's record by id and answers it as stored. Fails with
    /// [`NotFound`](crate::ErrorKind::NotFound), [`AddressTaken`](crate::ErrorKind::AddressTaken)
    /// when the slug is another's, or
    /// [`SerializationFailure`](crate::ErrorKind::SerializationFailure) when the record changed
    /// since the `revision` that was read.
    fn update(
        &self,
        tenant: &Tenant,
        by: &Actor,
    ) -> impl Future<Output = Result<Tenant, Error>> + Send;

    /// Tenants by slug, after `after`, at most `limit` and never more than [`PAGE_ROWS_MAX`].
    fn list(
        &self,
        after: Option<&Slug>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Tenant>, Error>> + Send;

    /// Gives a tenant a domain, or fails with
    /// [`AddressTaken`](crate::ErrorKind::AddressTaken); adding one's own again changes nothing.
    fn add_domain(
        &self,
        tenant: TenantId,
        host: &Host,
        by: &Actor,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes a domain away; `false` when the tenant has no such domain.
    fn remove_domain(
        &self,
        tenant: TenantId,
        host: &Host,
        by: &Actor,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// A tenant's domains by name; at most [`DOMAINS_MAX`].
    fn domains(&self, tenant: TenantId) -> impl Future<Output = Result<Vec<Domain>, Error>> + Send;
}
