//! What this process keeps for one tenant.

mod conjunction;
mod pool;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use quick_cache::sync::Cache as Table;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, Weighter};
use tenancy_core::TenantId;

pub(crate) use self::conjunction::Conjunctions;
pub(crate) use self::pool::Pool;
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
    /// How often a single entry was removed, here or elsewhere.
    removals: AtomicU64,
    table: Table<Name, Arc<Entry>, Bytes, RandomState, Counted>,
    /// The share, in bytes; zero once retired. Changed by the pool only, under its lock.
    share: AtomicU64,
    used_at: AtomicU64,
}

/// How an entry is called within its tenant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Name {
    class: u64,
    key: Box<[u8]>,
}

/// A [`Name`] that owns nothing.
#[derive(Clone, Copy)]
pub(crate) struct NameRef<'a> {
    /// The class's id.
    pub(crate) class: u64,
    pub(crate) key: &'a [u8],
}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl std::hash::Hash for NameRef<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(self.key);
        state.write_u64(self.class);
    }
}

impl Equivalent<Name> for NameRef<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        self.class == name.class && *self.key == *name.key
    }
}

impl Name {
    pub(crate) fn as_ref(&self) -> NameRef<'_> {
        NameRef {
            class: self.class,
            key: &self.key,
        }
    }
}

impl NameRef<'_> {
    pub(crate) fn to_name(self) -> Name {
        Name {
            class: self.class,
            key: self.key.into(),
        }
    }

    pub(crate) fn bytes(self) -> usize {
        size_of::<Name>() + self.key.len()
    }
}

/// An entry weighs its bytes.
#[derive(Clone)]
struct Bytes;

impl Weighter<Name, Arc<Entry>> for Bytes {
    fn weight(&self, _: &Name, entry: &Arc<Entry>) -> u64 {
        entry.bytes
    }
}

/// Counts what is evicted, and drops it after the table's lock is given back.
#[derive(Clone)]
struct Counted;

impl Lifecycle<Name, Arc<Entry>> for Counted {
    type RequestState = Vec<(Name, Arc<Entry>)>;

    fn on_evict(&self, evicted: &mut Self::RequestState, name: Name, entry: Arc<Entry>) {
        entry.class.metrics.evictions.increment(1);
        evicted.push((name, entry));
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
            removals: AtomicU64::new(0),
            table: Table::with_options(options, Bytes, RandomState::default(), Counted),
            share: AtomicU64::new(share),
            used_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        self.table.get(&name)
    }

    /// As [`get`](Self::get), without making the entry count as used.
    pub(crate) fn peek(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        self.table.peek(&name)
    }

    pub(crate) fn take(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        self.table.remove(&name).map(|(_, entry)| entry)
    }

    /// As [`take`](Self::take), and nothing that is on its way takes the entry's place.
    pub(crate) fn remove(&self, name: NameRef<'_>) -> Option<Arc<Entry>> {
        // Loads first, so that none stores after the removal.
        self.flights.overtake(&name.to_name());
        self.removals.fetch_add(1, Ordering::AcqRel);
        self.take(name)
    }

    /// Inserts entries that were read since there had been so many removals, unless there was one
    /// more.
    pub(crate) fn insert_unless_removed(
        &self,
        pool: &Pool,
        name: NameRef<'_>,
        entry: Arc<Entry>,
        removals: u64,
    ) {
        self.insert(pool, name, entry);
        if self.removals() != removals {
            self.take(name);
        }
    }

    pub(crate) fn removals(&self) -> u64 {
        self.removals.load(Ordering::Acquire)
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
        self.table.insert(name.to_name(), entry);
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

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("tenant", &self.tenant)
            .field("bytes", &self.bytes())
            .field("share", &self.share())
            .finish_non_exhaustive()
    }
}
