use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use tenancy_core::TenantScope;

use super::Origin;

/// Says which foreign origins may do something, and with which tenant.
///
/// Tenants are siblings: what one of them allows says nothing about another, and the platform's own
/// host has no tenant. Asked once for each request of a foreign origin, so it must not wait.
pub trait AllowOrigin: Send + Sync + 'static {
    /// Whether this origin may.
    fn allows(&self, origin: &Origin, tenant: Option<&TenantScope>) -> bool;
}

impl<F> AllowOrigin for F
where
    F: Fn(&Origin, Option<&TenantScope>) -> bool + Send + Sync + 'static,
{
    fn allows(&self, origin: &Origin, tenant: Option<&TenantScope>) -> bool {
        self(origin, tenant)
    }
}

/// A set of origins that may with every tenant; clones share it, and it may change while it is in
/// use.
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<RwLock<HashSet<Origin>>>);

impl Origins {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an origin, from the next request on.
    pub fn add(&self, origin: Origin) {
        // Each critical section is one operation, so a poisoned set is still whole.
        let mut origins = self.0.write().unwrap_or_else(PoisonError::into_inner);
        origins.insert(origin);
    }

    /// Removes an origin, from the next request on.
    pub fn remove(&self, origin: &Origin) {
        let mut origins = self.0.write().unwrap_or_else(PoisonError::into_inner);
        origins.remove(origin);
    }
}

impl AllowOrigin for Origins {
    fn allows(&self, origin: &Origin, _: Option<&TenantScope>) -> bool {
        let origins = self.0.read().unwrap_or_else(PoisonError::into_inner);
        origins.contains(origin)
    }
}

impl FromIterator<Origin> for Origins {
    fn from_iter<I: IntoIterator<Item = Origin>>(origins: I) -> Self {
        Self(Arc::new(RwLock::new(origins.into_iter().collect())))
    }
}
