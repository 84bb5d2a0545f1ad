//! The right to work for one tenant, or for the platform.
//!
//! A [`TenantScope`] is the only way to a tenant's data. Nothing but [`Tenants`]
//! makes one, it cannot be built, cloned from a record, deserialised or defaulted, and a store
//! refuses a scope of another realm. It is an explicit value: work that is spawned has no tenant
//! unless the scope is moved into it.

mod actor;
mod ambient;

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::meter::Meter;
use crate::tenant::{Tenant, TenantId};
use crate::tenants::{LiveTenant, Tenants};

pub use self::actor::{Actor, InvalidActor};
pub use self::ambient::ambient_tenant_id;
pub use crate::tenants::Realm;

/// What a scope was made for; decides which tenant states let it work.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Purpose {
    /// Work in the background: refused like a request.
    Job,
    /// Work by the platform about the tenant, such as setting it up, counting or exporting:
    /// allowed in every state.
    Platform,
    /// A client's request: refused unless the tenant is open.
    Request,
}

/// The right to work for one tenant, as one actor, for one purpose.
///
/// Cheap to clone. It sees the tenant's live state: [`check`](Self::check) refuses once the
/// tenant has been suspended, however long ago the scope was made.
#[derive(Clone)]
pub struct TenantScope(Arc<Inner>);

struct Inner {
    tenants: Tenants,
    live: Arc<LiveTenant>,
    actor: Actor,
    purpose: Purpose,
    request_id: Option<Box<str>>,
    meter: Meter,
}

impl TenantScope {
    pub(crate) fn mint(
        tenants: Tenants,
        live: Arc<LiveTenant>,
        actor: Actor,
        purpose: Purpose,
        request_id: Option<Box<str>>,
    ) -> Self {
        let meter = Meter::default();
        Self(Arc::new(Inner {
            tenants,
            live,
            actor,
            purpose,
            request_id,
            meter,
        }))
    }

    /// Which tenant.
    pub fn tenant_id(&self) -> TenantId {
        self.0.live.id()
    }

    /// The tenant's record as last seen: at most a second behind what another process changed,
    /// while the registry can be reached.
    pub fn tenant(&self) -> Arc<Tenant> {
        self.0.live.record()
    }

    /// Who is working.
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// What the scope was made for.
    pub fn purpose(&self) -> Purpose {
        self.0.purpose
    }

    /// The request this work belongs to, if any; written into the journal.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What this scope's work has spent so far.
    pub fn meter(&self) -> &Meter {
        &self.0.meter
    }

    /// Fails unless the tenant's live state allows this scope's purpose.
    ///
    /// # Errors
    /// [`NotAvailable`](ErrorKind::NotAvailable) when the state forbids it,
    /// [`NotFound`](ErrorKind::NotFound) when the tenant is gone, and
    /// [`Unavailable`](ErrorKind::Unavailable) when the registry has been out of reach for longer
    /// than the stale limit.
    pub async fn check(&self) -> Result<(), Error> {
        self.0.tenants.renew(&self.0.live).await?;
        self.check_known()
    }

    /// As [`check`](Self::check), by the state as last seen: for work that touches no store, where a
    /// second's delay does not matter.
    ///
    /// # Errors
    /// [`NotAvailable`](ErrorKind::NotAvailable) and [`NotFound`](ErrorKind::NotFound).
    pub fn check_known(&self) -> Result<(), Error> {
        if self.0.live.is_gone() {
            return Err(ErrorKind::NotFound.into());
        }
        match (self.0.purpose, self.tenant().unavailability()) {
            (Purpose::Platform, _) | (_, None) => Ok(()),
            (Purpose::Job | Purpose::Request, Some(state)) => {
                Err(ErrorKind::NotAvailable(state).into())
            }
        }
    }

    /// The same tenant for work in the background that this work leads to, by another actor and
    /// with a meter of its own. It keeps the request's id.
    #[must_use]
    pub fn for_job(&self, actor: Actor) -> Self {
        let Inner {
            tenants,
            live,
            request_id,
            ..
        } = &*self.0;
        Self::mint(
            tenants.clone(),
            live.clone(),
            actor,
            Purpose::Job,
            request_id.clone(),
        )
    }

    /// Runs a future with the tenant's id visible to [`ambient_tenant_id`], for logs only.
    pub fn in_logs<F: Future>(&self, work: F) -> impl Future<Output = F::Output> {
        ambient::with(self.tenant_id(), work)
    }

    /// Which [`Tenants`] made it.
    pub fn realm(&self) -> Realm {
        self.0.tenants.realm()
    }
}

impl fmt::Debug for TenantScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantScope")
            .field("tenant_id", &self.tenant_id())
            .field("actor", &self.0.actor)
            .field("purpose", &self.0.purpose)
            .finish_non_exhaustive()
    }
}

/// The right to work on what belongs to the platform itself: tenants, domains, its journal.
///
/// It opens no tenant's data; [`tenant`](Self::tenant) makes a scope of its own for each tenant
/// that platform-wide work visits, one at a time.
#[derive(Clone)]
pub struct PlatformScope {
    tenants: Tenants,
    actor: Actor,
}

impl PlatformScope {
    pub(crate) fn mint(tenants: Tenants, actor: Actor) -> Self {
        Self { tenants, actor }
    }

    /// Who is working.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// A scope for platform work about one tenant, in whatever state it is.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), or [`Unavailable`](ErrorKind::Unavailable) when the
    /// registry cannot be reached.
    pub async fn tenant(&self, id: TenantId) -> Result<TenantScope, Error> {
        self.tenants
            .scope(id, self.actor.clone(), Purpose::Platform)
            .await
    }

    /// Which [`Tenants`] made it.
    pub fn realm(&self) -> Realm {
        self.tenants.realm()
    }
}

impl fmt::Debug for PlatformScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformScope")
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
