use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::decision::{Seen, Standing};
use super::quota::Pace;

/// How many keys share a bucket, and so how far one is searched.
const WAYS: usize = 16;

/// How full the table is when it has as many keys in debt as it was made for. With half, fewer than
/// one bucket in two hundred has more keys than places then.
const LOAD_FACTOR_INVERSE: usize = 2;

/// Who owes how much, in a fixed amount of memory.
///
/// A key that owes something is never forgotten for a new one. Where a bucket has no place left,
/// further keys share one debt, as if they were one client; and whoever gets a place while
/// something is owed there takes that debt along, since it may be his. So lack of room refuses too
/// much, and never admits too much.
#[derive(Debug)]
pub(super) struct Table {
    buckets: Box<[Guarded]>,
}

/// A bucket and its lock, which begin a line of the processor's cache.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Guarded(Mutex<Bucket>);

/// Moments are nanoseconds since the table's owner began; a moment that has passed owes nothing, and
/// its place is free.
///
/// What is searched lies at the end, in one line with the lock; what is found lies in another.
#[derive(Debug)]
#[repr(C)]
struct Bucket {
    slots: [Slot; WAYS],
    shared_until: u64,
    /// The last bits of each place's hash.
    marks: [u16; WAYS],
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u64,
    until: u64,
    /// The pace at which the debt was made.
    interval: u64,
}

impl Table {
    /// For so many keys that owe something at the same time.
    pub(super) fn new(keys: usize) -> Self {
        let buckets = (keys.max(1) * LOAD_FACTOR_INVERSE).div_ceil(WAYS);
        Self {
            buckets: (0..buckets).map(|_| Guarded::default()).collect(),
        }
    }

    /// The bucket of a key: the upper half of its hash, as a share of all buckets.
    #[inline]
    fn place(&self, standing: &Standing) -> usize {
        (((standing.hash >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    /// Charges everyone, or nobody if one of them may not, and notes in each standing what is owed now
    /// and who stood in the way. Their hashes differ. Returns how many have no place of their own.
    pub(super) fn take(&self, now: u64, standings: &mut [Standing], cost: u32) -> usize {
        if let [standing] = standings {
            let mut bucket = lock(&self.buckets[self.place(standing)]);
            let found = bucket.find(standing.hash);
            return match bucket.look(now, standing, cost, found) {
                Some(after) => usize::from(!bucket.set(now, standing, after, found)),
                None => 0,
            };
        }
        let mut buckets = self.lock(standings);
        let mut after = SmallVec::<[u64; 3]>::new();
        for standing in &mut *standings {
            let bucket = buckets.of(standing);
            let found = bucket.find(standing.hash);
            after.extend(bucket.look(now, standing, cost, found));
        }
        if after.len() < standings.len() {
            return 0;
        }
        let mut placeless = 0;
        for (standing, after) in standings.iter_mut().zip(after) {
            let bucket = buckets.of(standing);
            // Looked for anew: a key before it may have taken its place, if that was free.
            let found = bucket.find(standing.hash);
            placeless += usize::from(!bucket.set(now, standing, after, found));
        }
        placeless
    }

    /// Gives everyone something back.
    pub(super) fn refund(&self, now: u64, standings: &[Standing], cost: u32) {
        let mut buckets = self.lock(standings);
        for standing in standings {
            let pace = standing.quota.pace();
            let refund = pace.interval.saturating_mul(u64::from(cost));
            let bucket = buckets.of(standing);
            // What lies in the shared debt may be another's by now, and stays.
            if let Some(place) = bucket.find(standing.hash) {
                let debt = bucket.slots[place].debt(now, pace).saturating_sub(refund);
                bucket.slots[place] = Slot::of(now, standing, debt);
            }
        }
    }

    /// Locks the buckets of all keys, always in the same order.
    fn lock(&self, standings: &[Standing]) -> Locked<'_> {
        let mut places: SmallVec<[usize; 3]> = standings
            .iter()
            .map(|standing| self.place(standing))
            .collect();
        if places.len() > 1 {
            places.sort_unstable();
            places.dedup();
        }
        let guards = places
            .into_iter()
            .map(|place| (place, lock(&self.buckets[place])));
        Locked {
            table: self,
            guards: guards.collect(),
        }
    }
}

/// The buckets of one call's keys.
struct Locked<'a> {
    table: &'a Table,
    guards: SmallVec<[(usize, MutexGuard<'a, Bucket>); 3]>,
}

impl Locked<'_> {
    fn of(&mut self, standing: &Standing) -> &mut Bucket {
        let place = self.table.place(standing);
        let mut guards = self.guards.iter_mut();
        let guard = guards.find(|(locked, _)| *locked == place);
        let (_, bucket) = guard.expect("the buckets of all keys were locked");
        bucket
    }
}

/// A bucket is whole after each of its writes, so a panic leaves it so.
#[inline]
fn lock(Guarded(bucket): &Guarded) -> MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mark(hash: u64) -> u16 {
    (hash & 0xffff) as u16
}

impl Bucket {
    /// Where a key is, by all marks at once.
    #[inline]
    fn find(&self, hash: u64) -> Option<usize> {
        // A bit for each place.
        let mut marked = 0_u16;
        for (place, found) in self.marks.iter().enumerate() {
            marked |= u16::from(*found == mark(hash)) << place;
        }
        while marked != 0 {
            let place = marked.trailing_zeros() as usize;
            if self.slots[place].hash == hash {
                return Some(place);
            }
            marked &= marked - 1;
        }
        None
    }

    /// Notes what is owed, and whether so much more is too much. Returns what would be owed then,
    /// unless it is too much or nothing.
    #[inline]
    fn look(
        &self,
        now: u64,
        standing: &mut Standing,
        cost: u32,
        found: Option<usize>,
    ) -> Option<u64> {
        let pace = standing.quota.pace();
        standing.debt = match found {
            Some(place) => self.slots[place].debt(now, pace),
            None => self.shared_until.saturating_sub(now).min(pace.capacity),
        };
        let after = pace.add(standing.debt, cost);
        standing.seen = match after {
            None => Seen::Exceeded,
            Some(_) => Seen::Within,
        };
        after.filter(|_| cost > 0)
    }

    /// Notes what is owed now. Returns whether there was a place for it.
    #[inline]
    fn set(&mut self, now: u64, standing: &mut Standing, debt: u64, found: Option<usize>) -> bool {
        standing.debt = debt;
        let free = || self.slots.iter().position(|slot| slot.until <= now);
        let Some(place) = found.or_else(free) else {
            self.shared_until = self.shared_until.max(now.saturating_add(debt));
            return false;
        };
        self.marks[place] = mark(standing.hash);
        self.slots[place] = Slot::of(now, standing, debt);
        true
    }
}

impl Default for Bucket {
    fn default() -> Self {
        let free = Slot {
            hash: 0,
            until: 0,
            interval: 1,
        };
        Self {
            slots: [free; WAYS],
            shared_until: 0,
            marks: [0; WAYS],
        }
    }
}

impl Slot {
    fn of(now: u64, standing: &Standing, debt: u64) -> Self {
        Self {
            hash: standing.hash,
            until: now.saturating_add(debt),
            interval: standing.quota.pace().interval,
        }
    }

    /// What is owed under this pace, whichever it was made at.
    fn debt(self, now: u64, pace: Pace) -> u64 {
        let debt = self.until.saturating_sub(now);
        if self.interval == pace.interval {
            debt.min(pace.capacity)
        } else {
            pace.convert(debt, self.interval)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::Policy;
    use super::super::quota::Quota;
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    fn standing(hash: u64, quota: Quota) -> Standing {
        Standing::new(&Policy::new("p", quota).unwrap(), hash, quota)
    }

    fn take(table: &Table, now: u64, hash: u64, quota: Quota) -> bool {
        let mut standing = standing(hash, quota);
        table.take(now, std::slice::from_mut(&mut standing), 1);
        !standing.is_exceeded()
    }

    #[test]
    fn keys_beyond_a_buckets_places_are_counted_as_one() {
        let (table, quota) = (Table::new(1), Quota::per_hour(5));
        let spend = |hash| (0..9).filter(|_| take(&table, 0, hash, quota)).count();
        for hash in 1..=WAYS as u64 {
            assert_eq!(spend(hash), 5, "{hash}");
        }
        assert_eq!(spend(100) + spend(101) + spend(102), 5);
        for hash in 1..=WAYS as u64 {
            assert_eq!(spend(hash), 0, "{hash} got its limit back");
        }
        // With places to be had again, what was owed in common is not forgotten.
        let later = HOUR / 5 * 3;
        let spend = |hash| (0..9).filter(|_| take(&table, later, hash, quota)).count();
        assert_eq!(spend(100), 3);
        assert_eq!(spend(1), 3);
    }

    #[test]
    fn a_place_whose_debt_is_paid_goes_to_whoever_comes() {
        let (table, quota) = (Table::new(1), Quota::per_hour(1));
        for hash in 1..=16 {
            assert!(take(&table, 0, hash, quota));
        }
        let placeless = table.take(0, &mut [standing(17, quota)], 1);
        assert_eq!(placeless, 1);
        assert!(take(&table, HOUR, 18, quota));
        let placeless = table.take(HOUR, &mut [standing(19, quota)], 1);
        assert_eq!(placeless, 0);
    }

    #[test]
    fn a_refund_is_of_what_was_taken_and_no_more() {
        let (table, quota) = (Table::new(100), Quota::per_hour(3));
        assert!(take(&table, 0, 7, quota));
        table.refund(0, &[standing(7, quota)], 2);
        table.refund(0, &[standing(8, quota)], 2);
        let admitted = (0..9).filter(|_| take(&table, 0, 7, quota)).count();
        assert_eq!(admitted, 3);
    }

    #[test]
    fn looking_takes_nothing() {
        let (table, quota) = (Table::new(100), Quota::per_hour(3));
        let look = || {
            let mut standing = standing(7, quota);
            table.take(0, std::slice::from_mut(&mut standing), 0);
            quota.pace().left(standing.debt)
        };
        assert_eq!(look(), 3);
        assert!(take(&table, 0, 7, quota));
        assert_eq!(look(), 2);
    }
}
