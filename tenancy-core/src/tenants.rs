//! Finding tenants fast, and the only place where scopes are made.

mod builder;
mod changed;
mod directory;
mod freshness;
mod key;
mod live;
mod lookup;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use self::builder::TenantsBuilder;
use self::directory::DynDirectory;
use self::freshness::Freshness;
pub(crate) use self::live::LiveTenant;
use self::live::LiveTenants;
use self::lookup::{Known, Lookup};
use crate::error::{Error, ErrorKind};
use crate::registry::{Address, Directory};
use crate::scope::{Actor, PlatformScope, Purpose, TenantScope};
use crate::tenant::{Tenant, TenantId};

/// The tenants of one installation, read through a bounded cache.
///
/// The only maker of scopes: the layer, workers and command lines all ask it. Every value has a
/// realm of its own; a [`Database`](crate::sql::Database) belongs to one realm and refuses the
/// scopes of any other, so a registry written by a stranger cannot open it.
///
/// **Freshness.** A change made through this process's registry is seen at once. A change made
/// by another is seen within a second, by asking for the registry's changes at most twice a
/// second and only while there is work. When the registry cannot be reached, tenants already
/// known keep being served until the stale limit, and unknown ones are refused with
/// [`Unavailable`](ErrorKind::Unavailable), never with "not found".
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    realm: Realm,
    directory: Box<dyn DynDirectory>,
    lookup: Lookup,
    live: LiveTenants,
    freshness: Freshness,
}

/// Which [`Tenants`] something belongs to; unique in the process.
///
/// What keeps tenants' data compares it with the realm of the scopes it is given. Nothing but a
/// [`Tenants`] makes one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Realm(u64);

impl Realm {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Tenants {
    /// Tenants of a directory, with the default limits.
    pub fn new(directory: impl Directory) -> Self {
        Self::builder(directory).build()
    }

    /// Tenants of an application's own store, found by a closure.
    ///
    /// The closure cannot tell of changes, so each answer holds for a second at most; then open
    /// scopes ask for their tenant again by [`Address::Id`], which the closure must answer too.
    pub fn from_fn<F, Answer>(find: F) -> Self
    where
        F: Fn(Address) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Option<Tenant>, Error>> + Send + 'static,
    {
        Self::new(directory::FromFn(find))
    }

    /// Tenants of a directory, with limits to choose.
    pub fn builder<D: Directory>(directory: D) -> TenantsBuilder<D> {
        TenantsBuilder::new(directory)
    }

    /// The tenant's record, from the cache where it is fresh.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), or [`Unavailable`](ErrorKind::Unavailable) when the
    /// directory cannot be reached and the tenant is not known.
    pub async fn find(&self, address: &Address) -> Result<Arc<Tenant>, Error> {
        self.known(address).await.map(|known| known.record)
    }

    /// A scope for work on one tenant.
    ///
    /// # Errors
    /// As [`find`](Self::find), and [`NotAvailable`](ErrorKind::NotAvailable) when the tenant's
    /// state does not allow the purpose.
    pub async fn scope(
        &self,
        id: TenantId,
        actor: Actor,
        purpose: Purpose,
    ) -> Result<TenantScope, Error> {
        let live = self.live(&Address::Id(id)).await?;
        let scope = self.enter(live, actor, purpose, None);
        scope.check().await?;
        Ok(scope)
    }

    /// A scope for work on what belongs to the platform itself.
    pub fn platform(&self, actor: Actor) -> PlatformScope {
        PlatformScope::mint(self.clone(), actor)
    }

    /// How many tenants and how many misses are remembered now.
    pub fn cached(&self) -> (usize, usize) {
        self.0.lookup.len()
    }

    pub(crate) fn enter(
        &self,
        live: Arc<LiveTenant>,
        actor: Actor,
        purpose: Purpose,
        request_id: Option<Box<str>>,
    ) -> TenantScope {
        TenantScope::mint(self.clone(), live, actor, purpose, request_id)
    }

    /// What its scopes are known by.
    pub fn realm(&self) -> Realm {
        self.0.realm
    }

    pub(crate) async fn live(&self, address: &Address) -> Result<Arc<LiveTenant>, Error> {
        loop {
            let known = self.known(address).await?;
            let live = self.0.live.open(&known.record);
            if !self.0.freshness.is_tracked() {
                self.0.live.accept(&known.record);
            }
            // A change told before the tenant was open has not reached it.
            if self.0.lookup.is_current(&known) {
                return Ok(live);
            }
        }
    }

    /// Makes sure that a scope's tenant is no older than the check interval.
    pub(crate) async fn renew(&self, live: &LiveTenant) -> Result<(), Error> {
        self.refresh_if_due().await?;
        if !self.0.freshness.is_tracked() {
            match self.0.lookup.find(&self.0, &Address::Id(live.id())).await? {
                Some(known) => self.0.live.accept(&known.record),
                None => self.0.live.mark_gone(live.id()),
            }
        }
        Ok(())
    }

    async fn known(&self, address: &Address) -> Result<Known, Error> {
        // A registry that has just failed is not asked again for this request: what is known
        // is served until the stale limit, which `refresh_if_due` watches.
        self.refresh_if_due().await?;
        let known = self.0.lookup.find(&self.0, address).await?;
        known.ok_or_else(|| ErrorKind::NotFound.into())
    }

    async fn refresh_if_due(&self) -> Result<(), Error> {
        Inner::refresh_if_due(&self.0).await
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("realm", &self.0.realm)
            .finish_non_exhaustive()
    }
}
