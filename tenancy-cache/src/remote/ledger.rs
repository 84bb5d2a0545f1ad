use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::time::Sighting;
use super::{Bucket, Logged, News, Place, Receipt, Told, Versions};
use crate::clock::{AtomicMoment, Moment};
use crate::version::{Flush, Subject, Version};

/// What this process knows of the flushes in one bucket of the store.
///
/// Entries may be used for as long as the log was read to its end not longer ago than the bound. What
/// was loaded within the bound needs no proof: it cannot be staler than that.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) bucket: Bucket,
    /// Changes with the bucket's generation, and ends all that was known before.
    pub(crate) epoch: Arc<Version>,
    /// How often entries had to be compared again because of this bucket as a whole.
    pub(crate) flushes: AtomicU64,
    proven_until: AtomicMoment,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    generation: u64,
    number: u64,
    /// The last of the flushes that were told from here, as the store has said.
    told: u64,
    /// `None` where the log has to be joined at its end.
    place: Option<Place>,
    /// Flushes that the store has not heard of. Until it has, nothing it says is believed.
    untold: Vec<(u64, Told)>,
    /// How many there have been.
    owed: u64,
    /// For how many reasons a new generation has to end everything: there were too many of them, or the
    /// store has forgotten something.
    renewals: u64,
    /// What the store's clock has shown, and the generation that it was in.
    time: Option<(u64, Sighting)>,
}

/// What has to be said before anything is believed.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    /// With a number of its own for each.
    pub(crate) told: Vec<(u64, Told)>,
    /// Zero where no new generation is owed.
    pub(crate) renewals: u64,
}

/// What news come to.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// What has to be obeyed, in order.
    pub(crate) events: Vec<Logged>,
    /// Whether all that was known is void.
    pub(crate) lost: bool,
    /// Whether that is because nothing was known yet.
    pub(crate) is_beginning: bool,
    /// Whether there is more to read.
    pub(crate) more: bool,
}

const UNTOLD_MAX: usize = 256;

impl Ledger {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            epoch: Arc::new(Version::new(Subject::Epoch(bucket.number()))),
            flushes: AtomicU64::new(0),
            proven_until: AtomicMoment::default(),
            known: Mutex::default(),
        }
    }

    pub(crate) fn is_proven(&self, now: Moment) -> bool {
        now < self.proven_until.load()
    }

    /// For how long the log has not been read to its end, where a proof holds for so long.
    pub(crate) fn unproven_for(&self, now: Moment, bound: Duration) -> Duration {
        now.after(bound).since(self.proven_until.load())
    }

    /// Since when nothing has been heard, where it is proven under a bound.
    pub(crate) fn heard_at(&self, bound: Duration) -> Moment {
        self.proven_until.load().before(bound)
    }

    /// Whether an answer is of the generation that is known here.
    pub(crate) fn believes(&self, answer: &Versions) -> bool {
        let known = self.lock();
        known.place.is_some() && known.generation == answer.generation
    }

    /// Whether the store has heard of all that was flushed here, but for what it is being told.
    pub(crate) fn is_told(&self) -> bool {
        let known = self.lock();
        known.untold.is_empty() && known.renewals == 0
    }

    /// How many flushes have been heard of. One that was told from here is heard of like any other: the
    /// log may have others before it.
    pub(crate) fn number(&self) -> u64 {
        self.lock().number
    }

    /// From where news are to be asked for, and how many flushes they must tell of at least.
    pub(crate) fn place(&self) -> (Place, u64) {
        let known = self.lock();
        let place = known.place.clone().unwrap_or_default();
        (place, known.number.max(known.told))
    }

    /// The last flush that is known here; whatever is told from now on gets a higher number.
    pub(crate) fn last(&self) -> Receipt {
        let known = self.lock();
        Receipt {
            generation: known.generation,
            number: known.number.max(known.told),
        }
    }

    /// Notes what the store has said of a flush that was told to it after that [`last`](Self::last)
    /// one. Whether it is of the generation that is known here.
    pub(crate) fn is_heard(&self, receipt: Receipt, last: Receipt) -> bool {
        let mut known = self.lock();
        let is_same = known.generation == receipt.generation;
        if is_same {
            known.told = known.told.max(receipt.number);
            if last.generation == receipt.generation && receipt.number <= last.number {
                // The store has forgotten the one before it, which nobody else may have read.
                known.renewals += 1;
                self.proven_until.store(Moment::default());
            }
        }
        is_same
    }

    /// Notes what the store's clock shows. Where it was set back, what was stored before would outlive
    /// its time, so that a new generation has to end it.
    pub(crate) fn note_time(&self, generation: u64, time: Sighting) {
        let mut known = self.lock();
        // An answer without one is followed by another.
        if generation == 0 {
            return;
        }
        let is_set_back = known
            .time
            .is_some_and(|(of, before)| of == generation && time.is_set_back(&before));
        known.renewals += u64::from(is_set_back);
        known.time = Some((generation, time));
    }

    /// What the store's clock has shown; unknown until the log is read.
    pub(crate) fn time(&self) -> Option<Sighting> {
        self.lock().time.map(|(_, time)| time)
    }

    /// Ends everything here that depends on what was known of the bucket, and everything in the store
    /// that does not depend on its present generation.
    pub(crate) fn begin(&self) {
        let generation = self.lock().generation;
        self.epoch.told(Flush::Hard, generation);
        self.epoch.flush(Flush::Soft);
        self.flushed();
    }

    /// Lets every entry be compared again.
    pub(crate) fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::AcqRel);
    }

    /// Remembers a flush that could not be told.
    pub(crate) fn owe(&self, told: Told) {
        let mut known = self.lock();
        if known.untold.len() < UNTOLD_MAX {
            known.owed += 1;
            let number = known.owed;
            known.untold.push((number, told));
        } else {
            known.untold.clear();
            known.renewals += 1;
        }
        self.proven_until.store(Moment::default());
    }

    pub(crate) fn owed(&self) -> Owed {
        let known = self.lock();
        Owed {
            told: known.untold.clone(),
            renewals: known.renewals,
        }
    }

    /// Whether one of them is still owed.
    pub(crate) fn owes(&self, number: u64) -> bool {
        let known = self.lock();
        known.untold.iter().any(|(owed, _)| *owed == number)
    }

    /// Forgets what has been said. What came to be owed meanwhile stays.
    pub(crate) fn said(&self, owed: &Owed) {
        let is_said = |number: u64| owed.told.iter().any(|(said, _)| *said == number);
        let mut known = self.lock();
        known.untold.retain(|(number, _)| !is_said(*number));
        if known.renewals == owed.renewals {
            known.renewals = 0;
        }
    }

    /// Forgets the removals of a key that are owed, for it has been removed or put since.
    pub(crate) fn forgive_removal(&self, key: &[u8]) {
        let mut known = self.lock();
        known
            .untold
            .retain(|(_, told)| told.removed.as_deref() != Some(key));
    }

    /// Takes news from this ledger's place. What they come to has to be done before they
    /// [`prove`](Self::prove) anything.
    pub(crate) fn apply(&self, news: News, number_min: u64) -> Applied {
        let mut known = self.lock();
        let is_first = known.place.is_none();
        // What the store has forgotten it may have told others: they have to hear that it is gone.
        let mut numbers = news.events.iter().map(|logged| logged.number);
        let is_forgetful = news.number < number_min || numbers.any(|number| number <= known.number);
        let is_same = !is_first && news.generation == known.generation;
        known.renewals += u64::from(is_same && is_forgetful);
        let mut is_whole = is_same;
        let mut events = Vec::new();
        let (mut number, mut last) = (known.number, None);
        for logged in news.events {
            is_whole &= logged.number == number + 1;
            (number, last) = (logged.number, Some(logged.place.clone()));
            events.push(logged);
        }
        // With fewer flushes than were heard of, or none of those that there must be, the store has
        // forgotten some.
        is_whole &= number == news.number || number < news.number && !events.is_empty();
        if is_whole {
            known.number = number;
            known.place = last.or(known.place.take());
            Applied {
                events,
                lost: false,
                is_beginning: false,
                more: number < news.number,
            }
        } else {
            let is_beginning = known.generation == 0;
            known.generation = news.generation;
            known.number = news.number;
            known.told = 0;
            // The end is told only to who asks from no place.
            known.place = is_first.then_some(news.end);
            Applied {
                events: Vec::new(),
                lost: true,
                is_beginning,
                more: !is_first,
            }
        }
    }

    /// Lets entries be used for so long after a moment at which the log was read to its end.
    pub(crate) fn prove(&self, asked_at: Moment, bound: Duration) {
        let known = self.lock();
        if known.untold.is_empty() && known.renewals == 0 {
            self.proven_until.store(asked_at.after(bound));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Fields change together at the end of each step, so a poisoned state is whole.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;

    const BOUND: Duration = Duration::from_secs(1);

    fn place(number: u64) -> Place {
        Place(format!("{number}-0"))
    }

    /// News of a generation up to a number, with the events of some numbers.
    fn news(generation: u64, number: u64, events: impl IntoIterator<Item = u64>) -> News {
        let event = |number: u64| Logged {
            place: place(number),
            number,
            event: Bytes::from(number.to_string()),
            age: Duration::ZERO,
        };
        News {
            generation,
            number,
            events: events.into_iter().map(event).collect(),
            end: place(number),
            now: Duration::ZERO,
        }
    }

    fn outcome(ledger: &Ledger, news: News) -> (Vec<u64>, bool, bool) {
        let now = Moment::default();
        let (_, number_min) = ledger.place();
        let applied = ledger.apply(news, number_min);
        if !applied.more {
            ledger.prove(now, BOUND);
        }
        let numbers = applied.events.into_iter().map(|logged| logged.number);
        (numbers.collect(), applied.lost, ledger.is_proven(now))
    }

    #[test]
    fn what_follows_without_a_gap_is_applied_and_proves_the_rest() {
        let ledger = Ledger::new(Bucket::PLATFORM);
        assert!(!ledger.is_proven(Moment::default()));
        assert_eq!(outcome(&ledger, news(7, 3, [])), (vec![], true, true));
        assert_eq!(ledger.place(), (place(3), 3));
        assert_eq!(outcome(&ledger, news(7, 3, [])), (vec![], false, true));
        assert_eq!(
            outcome(&ledger, news(7, 5, [4, 5])),
            (vec![4, 5], false, true)
        );
        assert_eq!(ledger.place(), (place(5), 5));
        assert!(!ledger.is_proven(Moment::default().after(BOUND)));
    }

    #[test]
    fn what_is_not_all_says_that_there_is_more() {
        let ledger = Ledger::new(Bucket::PLATFORM);
        outcome(&ledger, news(7, 0, []));
        let applied = ledger.apply(news(7, 9, [1, 2]), 0);
        assert!(applied.more && !applied.lost);
        let applied = ledger.apply(news(7, 9, 3..=9), 2);
        assert!(!applied.more && !applied.lost);
        assert_eq!(ledger.place(), (place(9), 9));
    }

    #[test]
    fn whatever_does_not_follow_voids_what_was_known() {
        for other in [
            news(8, 5, []),  // another generation
            news(7, 4, []),  // fewer than before
            news(7, 7, [7]), // one is missing
            news(7, 6, []),  // the log itself
            news(7, 6, [5]), // a number for a second time
            news(0, 0, []),  // nothing is left
        ] {
            let ledger = Ledger::new(Bucket::PLATFORM);
            outcome(&ledger, news(7, 5, []));
            let shown = format!("{other:?}");
            let applied = ledger.apply(other, 5);
            assert!(applied.lost && applied.more, "{shown}");
            assert!(applied.events.is_empty(), "{shown}");
            assert_eq!(ledger.place().0, Place::default(), "{shown}");
        }
    }

    #[test]
    fn a_store_that_has_forgotten_flushes_is_to_begin_anew() {
        for (other, is_forgetful) in [
            (news(7, 6, [6]), false),
            (news(7, 9, [8, 9]), false), // trimmed
            (news(8, 0, []), false),     // begun already
            (news(7, 4, []), true),
            (news(7, 5, [5]), true), // another under the same number
            (news(7, 6, [5, 6]), true),
        ] {
            let ledger = Ledger::new(Bucket::PLATFORM);
            outcome(&ledger, news(7, 5, []));
            let shown = format!("{other:?}");
            ledger.apply(other, 5);
            assert_eq!(ledger.owed().renewals > 0, is_forgetful, "{shown}");
            assert_eq!(ledger.is_told(), !is_forgetful, "{shown}");
        }
    }

    #[test]
    fn a_store_that_gives_a_number_twice_is_to_begin_anew() {
        let receipt = |generation, number| Receipt { generation, number };
        for (told, is_forgetful) in [
            (receipt(7, 6), false),
            (receipt(7, 9), false), // others have told, too
            (receipt(8, 1), false), // begun already
            (receipt(7, 5), true),
            (receipt(7, 2), true),
        ] {
            let ledger = Ledger::new(Bucket::PLATFORM);
            outcome(&ledger, news(7, 4, []));
            assert!(ledger.is_heard(receipt(7, 5), ledger.last()));
            let is_same = ledger.is_heard(told, ledger.last());
            assert_eq!(is_same, told.generation == 7, "{told:?}");
            assert_eq!(ledger.is_told(), !is_forgetful, "{told:?}");
            assert_eq!(ledger.is_proven(Moment::default()), !is_forgetful);
        }
        // Two that are told at once may be answered in any order.
        let ledger = Ledger::new(Bucket::PLATFORM);
        outcome(&ledger, news(7, 4, []));
        let last = ledger.last();
        assert!(ledger.is_heard(receipt(7, 6), last) && ledger.is_heard(receipt(7, 5), last));
        assert!(ledger.is_told());
    }

    #[test]
    fn a_store_whose_clock_was_set_back_is_to_begin_anew() {
        let start = Instant::now();
        let sighting = |shown, at| {
            let at = start + Duration::from_secs(at);
            Sighting {
                shown: Duration::from_secs(shown),
                asked_at: at,
                answered_at: at,
            }
        };
        for (seen, is_owed) in [
            (vec![(7, 130, 30)], false),
            (vec![(7, 100, 30)], true),
            (vec![(8, 100, 30)], false),               // begun already
            (vec![(0, 100, 30)], false),               // an answer that says nothing
            (vec![(0, 100, 30), (7, 101, 31)], true),  // and the one that follows it
            (vec![(8, 100, 30), (8, 101, 31)], false), // the clock that it began with
        ] {
            let ledger = Ledger::new(Bucket::PLATFORM);
            ledger.note_time(7, sighting(100, 0));
            for (generation, shown, at) in &seen {
                ledger.note_time(*generation, sighting(*shown, *at));
            }
            assert_eq!(ledger.is_told(), !is_owed, "{seen:?}");
        }
    }

    #[test]
    fn nothing_is_proven_while_something_is_untold() {
        let ledger = Ledger::new(Bucket::PLATFORM);
        outcome(&ledger, news(7, 0, []));
        let told = Told {
            bucket: ledger.bucket,
            removed: None,
            names: Vec::new(),
            how: Flush::Hard,
            version: 1,
            event: Vec::new(),
        };
        ledger.owe(told.clone());
        assert!(!ledger.is_proven(Moment::default()));
        assert_eq!(outcome(&ledger, news(7, 0, [])), (vec![], false, false));
        let owed = ledger.owed();
        ledger.owe(told.clone());
        ledger.said(&owed);
        assert_eq!(ledger.owed().told.len(), 1);
        ledger.said(&ledger.owed());
        assert_eq!(outcome(&ledger, news(7, 0, [])), (vec![], false, true));

        for _ in 0..=UNTOLD_MAX {
            ledger.owe(told.clone());
        }
        let owed = ledger.owed();
        assert!(owed.renewals > 0 && owed.told.is_empty());
        ledger.said(&owed);
        assert_eq!(ledger.owed().renewals, 0);
    }
}
