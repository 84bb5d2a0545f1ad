use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use tenancy_core::{Tenant, TenantId};

/// How many numbers a row has; the power of two of it.
const WIDTH_BITS: u32 = 14;
const WIDTH: usize = 1 << WIDTH_BITS;
const ROWS: usize = 3;

/// Of how many tenants at most is remembered that they may be heavy.
const CANDIDATES: usize = 256;

/// How much each of a number of tenants has done, about, in an amount of memory that does not grow with
/// them.
///
/// A count-min sketch (Cormode, Muthukrishnan 2005) says of each tenant how much it did at the most, and
/// a short list keeps the names of those who did most.
#[derive(Debug)]
pub(super) struct Sketch {
    rows: [Box<[AtomicU32]>; ROWS],
    hasher: RandomState,
    events: AtomicU64,
    /// What a tenant has to have done for a place on the list.
    floor: AtomicU64,
    candidates: Mutex<Vec<Candidate>>, // std's: never held across an await
}

/// A tenant that may be among the heaviest.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) id: TenantId,
    pub(super) name: Arc<str>,
    pub(super) events: u64,
}

impl Sketch {
    pub(super) fn new() -> Self {
        let row = || (0..WIDTH).map(|_| AtomicU32::new(0)).collect();
        Self {
            rows: [row(), row(), row()],
            hasher: RandomState::default(),
            events: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            candidates: Mutex::default(),
        }
    }

    /// Counts one event of a tenant; gives how many there were before it, of all tenants.
    pub(super) fn count(&self, tenant: &Tenant) -> u64 {
        let least = self
            .cells(tenant.id)
            .map(|cell| cell.fetch_add(1, Ordering::Relaxed));
        let events = u64::from(least.into_iter().min().unwrap_or(0)) + 1;
        // Each time that it has grown by a sixteenth, which is often enough to compare by.
        let step = 1 << (63 - (events | 16).leading_zeros() - 4);
        if events & (step - 1) == 0 && events > self.floor.load(Ordering::Relaxed) {
            self.offer(tenant, events);
        }
        self.events.fetch_add(1, Ordering::Relaxed)
    }

    /// How much a tenant did at the most.
    pub(super) fn estimate(&self, tenant: TenantId) -> u64 {
        let counts = self.cells(tenant).map(|cell| cell.load(Ordering::Relaxed));
        u64::from(counts.into_iter().min().unwrap_or(0))
    }

    /// By how much an estimate exceeds the truth: by no more than this with a probability of 95 %, as it
    /// is e / width of all events with one of e⁻ʳᵒʷˢ.
    pub(super) fn error(&self) -> u64 {
        let events = self.events.load(Ordering::Relaxed) as f64;
        (events * std::f64::consts::E / WIDTH as f64).ceil() as u64
    }

    /// Those who may be heaviest, and what they did at the most; the heaviest first.
    pub(super) fn heaviest(&self) -> Vec<Candidate> {
        let mut heaviest = self.list().clone();
        for candidate in &mut heaviest {
            candidate.events = self.estimate(candidate.id);
        }
        heaviest.sort_by_key(|candidate| std::cmp::Reverse((candidate.events, candidate.id)));
        heaviest
    }

    /// Begins anew. What is counted meanwhile may be lost: nothing is added up from here.
    pub(super) fn clear(&self) {
        let mut candidates = self.list();
        candidates.clear();
        for cell in self.rows.iter().flatten() {
            cell.store(0, Ordering::Relaxed);
        }
        self.events.store(0, Ordering::Relaxed);
        self.floor.store(0, Ordering::Relaxed);
    }

    /// Forgets a tenant's name.
    pub(super) fn forget(&self, tenant: TenantId) {
        self.list().retain(|candidate| candidate.id != tenant);
    }

    fn cells(&self, tenant: TenantId) -> [&AtomicU32; ROWS] {
        let hash = self.hasher.hash_one(tenant.as_uuid().as_u128());
        let mut places = hash;
        self.rows.each_ref().map(|row| {
            let place = places as usize % WIDTH;
            places >>= WIDTH_BITS;
            &row[place]
        })
    }

    fn offer(&self, tenant: &Tenant, events: u64) {
        let mut candidates = self.list();
        if let Some(known) = candidates.iter_mut().find(|known| known.id == tenant.id) {
            known.events = events;
        } else {
            if candidates.len() >= CANDIDATES {
                let lightest = candidates
                    .iter()
                    .enumerate()
                    .min_by_key(|(_, known)| known.events);
                if let Some((place, _)) = lightest {
                    candidates.swap_remove(place);
                }
            }
            candidates.push(Candidate {
                id: tenant.id,
                name: tenant.slug.as_str().into(),
                events,
            });
        }
        if candidates.len() >= CANDIDATES {
            let lightest = candidates.iter().map(|known| known.events).min();
            self.floor.store(lightest.unwrap_or(0), Ordering::Relaxed);
        }
    }

    /// Each critical section leaves a list of some candidates, which is all that it has to be.
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Candidate>> {
        self.candidates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
