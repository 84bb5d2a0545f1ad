use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::{HashMap, HashMapExt as _};
use tenancy_core::TenantId;

use super::Shelf;
use crate::remote::Shared;
use crate::version::{Table, Versions};

/// The memory of the cache, and how the tenants share it.
///
/// After Memshare (Cidon et al., USENIX ATC 2017): each tenant that uses the cache has a guarantee,
/// and the rest is lent to whoever asks. Where nothing is left, the tenant with the largest share
/// gives, until the one who asks has about as much; nobody falls below the guarantee by another's
/// asking. There are as many guarantees as fit: a tenant more, and the one idle for longest goes.
#[derive(Debug)]
pub(crate) struct Pool {
    capacity: u64,
    guarantee: u64,
    shards: usize,
    shared: Option<Arc<Shared>>,
    shares: Mutex<Shares>,
}

#[derive(Debug)]
struct Shares {
    free: u64,
    shelves: HashMap<TenantId, Arc<Shelf>>,
    /// Of the shelves, and of what is in doubt.
    versions: Table<TenantId, Versions>,
    /// By size, so that the largest is found at once.
    by_share: BTreeSet<(u64, TenantId)>,
}

impl Pool {
    pub(crate) fn new(
        capacity: u64,
        guarantee: u64,
        shards: usize,
        shared: Option<Arc<Shared>>,
    ) -> Self {
        let capacity = capacity.max(1);
        Self {
            capacity,
            guarantee: guarantee.clamp(1, capacity),
            shards,
            shared,
            shares: Mutex::new(Shares {
                free: capacity,
                shelves: HashMap::new(),
                versions: Table::new(),
                by_share: BTreeSet::new(),
            }),
        }
    }

    /// The tenant's shelf, made where there is none.
    pub(crate) fn shelf(&self, tenant: TenantId) -> Arc<Shelf> {
        let mut shares = self.lock();
        if let Some(shelf) = shares.shelves.get(&tenant) {
            return shelf.clone();
        }
        while shares.free < self.guarantee {
            let lack = self.guarantee - shares.free;
            if shares.take_from_largest(self.guarantee, lack) == 0 {
                shares.retire_idlest();
            }
        }
        shares.free -= self.guarantee;
        let versions = shares.versions_of(tenant);
        let ledgers = self.shared.as_ref().map(|shared| shared.ledgers_of(tenant));
        let shelf = Arc::new(Shelf::new(
            tenant,
            versions,
            ledgers,
            self.guarantee,
            self.shards,
        ));
        shares.shelves.insert(tenant, shelf.clone());
        shares.by_share.insert((self.guarantee, tenant));
        shelf
    }

    /// The versions that the tenant's shelf has, or will have if it is made while they live.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn versions(&self, tenant: TenantId) -> Arc<Versions> {
        self.lock().versions_of(tenant)
    }

    /// Enlarges a shelf by a step, or by what an entry needs, if the others can spare it.
    pub(super) fn extend(&self, shelf: &Shelf, need: u64) {
        let mut shares = self.lock();
        if shelf.is_retired() {
            return;
        }
        let share = shelf.share();
        let step = (self.guarantee / 4).max(need.saturating_sub(share)).max(1);
        if step > self.capacity - share {
            return;
        }
        while shares.free < step {
            // From one who would then have less than the one who asks, nothing is taken.
            let floor = (share + step).max(self.guarantee);
            let lack = step - shares.free;
            if shares.take_from_largest(floor, lack) == 0 {
                return;
            }
        }
        shares.free -= step;
        shares.set(shelf, share + step);
    }

    /// The tenant's shelf, where there is one.
    pub(crate) fn known(&self, tenant: TenantId) -> Option<Arc<Shelf>> {
        self.lock().shelves.get(&tenant).cloned()
    }

    /// The tenant's versions, where they are alive: they may outlive a shelf that gave way.
    pub(crate) fn known_versions(&self, tenant: TenantId) -> Option<Arc<Versions>> {
        self.lock().versions.known(&tenant)
    }

    /// All versions that are alive, with their tenants.
    pub(crate) fn all_versions(&self) -> Vec<(TenantId, Arc<Versions>)> {
        let shares = self.lock();
        let alive = shares.versions.alive_by_name();
        alive
            .map(|(tenant, versions)| (*tenant, versions))
            .collect()
    }

    pub(crate) fn shelves(&self) -> Vec<Arc<Shelf>> {
        self.lock().shelves.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shares> {
        // Sums and maps change together at the end of each step, so a poisoned state is whole.
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shares {
    fn versions_of(&mut self, tenant: TenantId) -> Arc<Versions> {
        self.versions.of(&tenant, tenant, Versions::new)
    }

    /// Takes up to `lack` from the largest share, and leaves it at least `floor`.
    fn take_from_largest(&mut self, floor: u64, lack: u64) -> u64 {
        let Some(&(largest, tenant)) = self.by_share.last() else {
            return 0;
        };
        let taken = largest.saturating_sub(floor).min(lack);
        if taken > 0 {
            let shelf = self.shelves[&tenant].clone();
            self.set(&shelf, largest - taken);
            self.free += taken;
        }
        taken
    }

    fn retire_idlest(&mut self) {
        let used_at = |shelf: &&Arc<Shelf>| shelf.used_at.load(Ordering::Relaxed);
        let Some(idlest) = self.shelves.values().min_by_key(used_at).cloned() else {
            return;
        };
        self.free += idlest.share();
        self.by_share.remove(&(idlest.share(), idlest.tenant));
        self.shelves.remove(&idlest.tenant);
        idlest.set_share(0);
    }

    fn set(&mut self, shelf: &Shelf, share: u64) {
        self.by_share.remove(&(shelf.share(), shelf.tenant));
        self.by_share.insert((share, shelf.tenant));
        shelf.set_share(share);
    }
}
