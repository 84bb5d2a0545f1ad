use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::quota::Pace;

/// How many keys share a bucket, and so how far one is searched.
const WAYS: usize = 16;

/// How full the table is when it has as many keys in debt as it was made for. With half, fewer than
/// one bucket in two hundred has more keys than places then.
const LOAD_FACTOR_INVERSE: usize = 2;

/// What is asked of one key: its place in the table, and the pace of its quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// A keyed hash of the whole key, so that nobody outside can aim at another's.
    pub(super) hash: u64,
    pub(super) pace: Pace,
}

/// What a key owes, in nanoseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Debt {
    pub(super) debt: u64,
    pub(super) is_exceeded: bool,
}

/// Debts per key, most requests have one to three.
pub(super) type Debts = SmallVec<[Debt; 3]>;

/// Who owes how much, in a fixed amount of memory.
///
/// A key that owes something is never forgotten for a new one. Where a bucket has no place left,
/// further keys share one debt, as if they were one client; and whoever gets a place while
/// something is owed there takes that debt along, since it may be his. So lack of room refuses too
/// much, and never admits too much.
#[derive(Debug)]
pub(super) struct Table {
    buckets: Box<[Mutex<Bucket>]>,
}

/// Moments are nanoseconds since the table's owner began; a moment that has passed owes nothing, and
/// its place is free.
#[derive(Debug)]
struct Bucket {
    hashes: [u64; WAYS],
    slots: [Slot; WAYS],
    shared_until: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    until: u64,
    /// The pace at which the debt was made.
    interval: u64,
}

impl Table {
    /// For so many keys that owe something at the same time.
    pub(super) fn new(keys: usize) -> Self {
        let buckets = (keys.max(1) * LOAD_FACTOR_INVERSE).div_ceil(WAYS);
        Self {
            buckets: (0..buckets).map(|_| Mutex::default()).collect(),
        }
    }

    /// The bucket of a key: the upper half of its hash, as a share of all buckets.
    fn place(&self, ask: &Ask) -> usize {
        (((ask.hash >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    /// Charges every key, or none if one of them may not.
    ///
    /// The keys differ from each other. Returns what each owes now and which stood in the way, and
    /// how many have no place of their own.
    pub(super) fn take(&self, now: u64, asks: &[Ask], cost: u32) -> (Debts, usize) {
        let mut buckets = self.lock(asks);
        let mut debts = Debts::new();
        let mut after = SmallVec::<[u64; 3]>::new();
        for ask in asks {
            let debt = buckets.of(ask).debt(now, ask);
            let sum = ask.pace.add(debt, cost);
            after.push(sum.unwrap_or(debt));
            debts.push(Debt {
                debt,
                is_exceeded: sum.is_none(),
            });
        }
        if cost == 0 || debts.iter().any(|debt| debt.is_exceeded) {
            return (debts, 0);
        }
        let mut placeless = 0;
        for ((ask, after), debt) in asks.iter().zip(after).zip(&mut debts) {
            debt.debt = after;
            placeless += usize::from(!buckets.of(ask).set(now, ask, after));
        }
        (debts, placeless)
    }

    /// Gives every key something back.
    pub(super) fn refund(&self, now: u64, asks: &[Ask], cost: u32) {
        let mut buckets = self.lock(asks);
        for ask in asks {
            let refund = ask.pace.interval.saturating_mul(u64::from(cost));
            let bucket = buckets.of(ask);
            // What lies in the shared debt may be another's by now, and stays.
            if let Some(place) = bucket.find(ask.hash) {
                let debt = bucket.debt(now, ask).saturating_sub(refund);
                bucket.slots[place] = Slot::of(now, debt, ask.pace);
            }
        }
    }

    /// Locks the buckets of all keys, always in the same order.
    fn lock(&self, asks: &[Ask]) -> Locked<'_> {
        let mut places: SmallVec<[usize; 3]> = asks.iter().map(|ask| self.place(ask)).collect();
        if places.len() > 1 {
            places.sort_unstable();
            places.dedup();
        }
        let guards = places.into_iter().map(|place| {
            // A bucket is whole after each of its writes, so a panic leaves it so.
            let bucket = self.buckets[place].lock();
            (place, bucket.unwrap_or_else(PoisonError::into_inner))
        });
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
    fn of(&mut self, ask: &Ask) -> &mut Bucket {
        let place = self.table.place(ask);
        let mut guards = self.guards.iter_mut();
        let guard = guards.find(|(locked, _)| *locked == place);
        let (_, bucket) = guard.expect("the buckets of all keys were locked");
        bucket
    }
}

impl Bucket {
    fn find(&self, hash: u64) -> Option<usize> {
        self.hashes.iter().position(|known| *known == hash)
    }

    fn debt(&self, now: u64, ask: &Ask) -> u64 {
        match self.find(ask.hash) {
            Some(place) => self.slots[place].debt(now, ask.pace),
            None => (self.shared_until.saturating_sub(now)).min(ask.pace.capacity),
        }
    }

    /// Notes what the key owes. Returns whether it has a place of its own.
    fn set(&mut self, now: u64, ask: &Ask, debt: u64) -> bool {
        let free = || self.slots.iter().position(|slot| slot.until <= now);
        let place = self.find(ask.hash).or_else(free);
        let Some(place) = place else {
            self.shared_until = self.shared_until.max(now.saturating_add(debt));
            return false;
        };
        self.hashes[place] = ask.hash;
        self.slots[place] = Slot::of(now, debt, ask.pace);
        true
    }
}

impl Default for Bucket {
    fn default() -> Self {
        let free = Slot {
            until: 0,
            interval: 1,
        };
        Self {
            hashes: [0; WAYS],
            slots: [free; WAYS],
            shared_until: 0,
        }
    }
}

impl Slot {
    fn of(now: u64, debt: u64, pace: Pace) -> Self {
        Self {
            until: now.saturating_add(debt),
            interval: pace.interval,
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
    use super::super::quota::Quota;
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    fn ask(hash: u64, quota: Quota) -> Ask {
        Ask {
            hash,
            pace: quota.pace(),
        }
    }

    fn take(table: &Table, now: u64, hash: u64, quota: Quota) -> bool {
        let (debts, _) = table.take(now, &[ask(hash, quota)], 1);
        !debts[0].is_exceeded
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
        let (_, placeless) = table.take(0, &[ask(17, quota)], 1);
        assert_eq!(placeless, 1);
        assert!(take(&table, HOUR, 18, quota));
        let (_, placeless) = table.take(HOUR, &[ask(19, quota)], 1);
        assert_eq!(placeless, 0);
    }

    #[test]
    fn a_refund_is_of_what_was_taken_and_no_more() {
        let (table, quota) = (Table::new(100), Quota::per_hour(3));
        assert!(take(&table, 0, 7, quota));
        table.refund(0, &[ask(7, quota)], 2);
        table.refund(0, &[ask(8, quota)], 2);
        let admitted = (0..9).filter(|_| take(&table, 0, 7, quota)).count();
        assert_eq!(admitted, 3);
    }

    #[test]
    fn looking_takes_nothing() {
        let (table, quota) = (Table::new(100), Quota::per_hour(3));
        let (debts, _) = table.take(0, &[ask(7, quota)], 0);
        assert_eq!(debts[0].debt, 0);
        assert!(take(&table, 0, 7, quota));
        let (debts, _) = table.take(0, &[ask(7, quota)], 0);
        assert_eq!(quota.pace().left(debts[0].debt), 2);
    }
}
