use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;

use crate::tenant::{Tenant, TenantId};

/// One tenant as every scope of it sees it: the record inside is replaced when it changes.
pub(crate) struct LiveTenant {
    record: ArcSwap<Tenant>,
    gone: AtomicBool,
}

impl LiveTenant {
    fn new(record: Arc<Tenant>) -> Self {
        Self {
            record: ArcSwap::new(record),
            gone: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> TenantId {
        self.record.load().id
    }

    pub(crate) fn record(&self) -> Arc<Tenant> {
        self.record.load_full()
    }

    /// Whether the registry no longer has the tenant.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Takes a record read from the directory, unless a newer one is already here.
    fn accept(&self, record: &Arc<Tenant>) {
        self.gone.store(false, Ordering::Release);
        self.record.rcu(|current| {
            if current.revision > record.revision {
                current.clone()
            } else {
                record.clone()
            }
        });
    }
}

/// Every [`LiveTenant`] that a scope still holds, so that there is one of each.
#[derive(Default)]
pub(super) struct LiveTenants {
    by_id: Mutex<HashMap<TenantId, Weak<LiveTenant>>>, // std's: never held across an await
}

impl LiveTenants {
    /// The one live tenant with this record's id; with this record, if there was none.
    pub(super) fn open(&self, record: &Arc<Tenant>) -> Arc<LiveTenant> {
        let mut by_id = self.lock();
        if let Some(live) = by_id.get(&record.id).and_then(Weak::upgrade) {
            return live;
        }
        if by_id.len() == by_id.capacity() {
            by_id.retain(|_, live| live.strong_count() > 0);
        }
        let live = Arc::new(LiveTenant::new(record.clone()));
        by_id.insert(record.id, Arc::downgrade(&live));
        live
    }

    /// Brings the tenant's scopes, if there are any, up to a record of the directory.
    pub(super) fn accept(&self, record: &Arc<Tenant>) {
        if let Some(live) = self.get(record.id) {
            live.accept(record);
        }
    }

    /// Notes that the directory no longer has the tenant.
    pub(super) fn mark_gone(&self, id: TenantId) {
        if let Some(live) = self.get(id) {
            live.gone.store(true, Ordering::Release);
        }
    }

    pub(super) fn get(&self, id: TenantId) -> Option<Arc<LiveTenant>> {
        self.lock().get(&id).and_then(Weak::upgrade)
    }

    pub(super) fn ids(&self) -> Vec<TenantId> {
        let in_use =
            |(id, live): (&TenantId, &Weak<LiveTenant>)| (live.strong_count() > 0).then_some(*id);
        self.lock().iter().filter_map(in_use).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<LiveTenant>>> {
        // Every critical section is whole map operations, so a poisoned map is still whole.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
