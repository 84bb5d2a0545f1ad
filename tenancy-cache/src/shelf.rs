//! What this process keeps for one tenant.

mod conjunction;
mod name;
mod pool;
mod slot;

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use quick_cache::sync::Cache as Table;
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};
use tenancy_core::TenantId;

pub(crate) use self::conjunction::Conjunctions;
pub(crate) use self::name::{Name, NameRef};
pub(crate) use self::pool::Pool;
use self::slot::Look;
pub(crate) use self::slot::Slot;
use crate::clock::Moment;
use crate::entry::Entry;
use crate::load::Loads;
use crate::remote::Ledgers;
use crate::version::Versions;

/// One tenant's entries, with the tenant's share of the memory as their bound, and the loads under
/// way.
///
/// A shelf that has lost its share to other tenants is retired: it stays empty for ever, and a new
/// one takes its place.
pub(crate) struct Shelf {
    pub(crate) tenant: TenantId,
    /// Outlives the shelf where something is in doubt.
    pub(crate) versions: Arc<Versions>,
    pub(crate) conjunctions: Arc<Conjunctions>,
    /// With a remote tier, the logs that the tenant's entries depend on.
    pub(crate) ledgers: Option<Ledgers>,
    pub(crate) flights: Loads,
    /// What is being removed for all processes.
    closed: Mutex<Vec<Name>>,
    table: Table<Slot, (), Bytes, RandomState, Counted>,
    /// The share, in bytes; zero once retired. Changed by the pool only, under its lock.
    share: AtomicU64,
    used_at: AtomicU64,
}

/// An entry weighs its bytes.
#[derive(Clone)]
struct Bytes;

impl Weighter<Slot, ()> for Bytes {
    fn weight(&self, slot: &Slot, (): &()) -> u64 {
        slot.entry.bytes
    }
}

/// Counts what is evicted, and drops it after the table's lock is given back.
#[derive(Clone)]
struct Counted;

impl Lifecycle<Slot, ()> for Counted {
    type RequestState = Vec<Slot>;

    fn on_evict(&self, evicted: &mut Self::RequestState, slot: Slot, (): ()) {
        slot.class.metrics.evictions.increment(1);
        evicted.push(slot);
    }
}

impl Shelf {
    fn new(
        tenant: TenantId,
        versions: Arc<Versions>,
        ledgers: Option<Ledgers>,
        share: u64,
        shards: usize,
    ) -> Self {
        let options = OptionsBuilder::new()
            // The table grows with its entries; this bounds only how many shards it may have.
            .estimated_items_capacity(32 * shards)
            .shards(shards)
            .weight_capacity(share)
            .build()
            .expect("all that is required is given");
        Self {
            tenant,
            versions,
            ledgers,
            conjunctions: Arc::default(),
            flights: Loads::default(),
            closed: Mutex::default(),
            table: Table::with_options(options, Bytes, RandomState::default(), Counted),
            share: AtomicU64::new(share),
            used_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        self.look(name, |slot| Some(slot.entry.clone()))
    }

    /// What is taken from a slot, under the table's lock.
    #[inline]
    pub(crate) fn look<R>(
        &self,
        name: NameRef<'_>,
        take: impl Fn(&Slot) -> Option<R>,
    ) -> Option<R> {
        let taken = Cell::new(None);
        let take = |slot: &_| taken.set(take(slot));
        self.table.get(&Look { name: &name, take });
        taken.into_inner()
    }

    /// As [`get`](Self::get), without making the entry count as used.
    pub(crate) fn peek(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        let taken = Cell::new(None);
        let take = |slot: &Slot| taken.set(Some(slot.entry.clone()));
        self.table.peek(&Look { name: &name, take });
        taken.into_inner()
    }

    pub(crate) fn take(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        let take = |_: &_| ();
        let (slot, ()) = self.table.remove(&Look { name: &name, take })?;
        Some(slot.entry)
    }

    /// As [`take`](Self::take), and nothing that is on its way takes the entry's place.
    pub(crate) fn remove(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        // Loads first, so that none stores after the removal.
        self.flights.overtake(&name.to_name());
        self.take(name)
    }

    /// Closes a name to what the remote tier has, until the returned value is dropped.
    pub(crate) fn close(self: &Arc<Self>, name: NameRef<'_>) -> Closed {
        let name = name.to_name();
        self.closed().push(name.clone());
        let shelf = self.clone();
        Closed { shelf, name }
    }

    pub(crate) fn is_closed(&self, name: NameRef<'_>) -> bool {
        self.closed().iter().any(|closed| closed.as_ref() == name)
    }

    fn closed(&self) -> MutexGuard<'_, Vec<Name>> {
        // Each critical section is one change, so a poisoned list is whole.
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an entry on the shelf, after asking the pool for more room where there is too little.
    /// Nothing happens where the entry is larger than all the room there is to have.
    pub(crate) fn insert(&self, pool: &Pool, name: NameRef<'_>, entry: Arc<Entry>) {
        // Each part of the table has its own bound, and they fill unevenly: with a quarter to spare,
        // none is full while there is memory to be had.
        let room = entry.bytes * self.table.num_shards() as u64;
        if self.table.weight() + room > self.share() / 4 * 3 {
            pool.extend(self, room);
        }
        self.table.insert(Slot::new(name.key, entry), ());
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.share() == 0
    }

    pub(crate) fn share(&self) -> u64 {
        self.share.load(Ordering::Acquire)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.table.weight()
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Notes the use, so that of two tenants the one that was idle for longer gives way.
    pub(crate) fn touch(&self, now: Moment) {
        let seconds = now.since(Moment::default()).as_secs();
        if self.used_at.load(Ordering::Relaxed) != seconds {
            self.used_at.store(seconds, Ordering::Relaxed);
        }
    }

    fn set_share(&self, share: u64) {
        self.share.store(share, Ordering::Release);
        self.table.set_capacity(share);
    }
}

/// A name that is closed to what the remote tier has.
#[derive(Debug)]
pub(crate) struct Closed {
    shelf: Arc<Shelf>,
    name: Name,
}

impl Drop for Closed {
    fn drop(&mut self) {
        let mut closed = self.shelf.closed();
        if let Some(place) = closed.iter().position(|name| *name == self.name) {
            closed.swap_remove(place);
        }
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("tenant", &self.tenant)
            .field("bytes", &self.bytes())
            .field("share", &self.share())
            .finish_non_exhaustive()
    }
}
