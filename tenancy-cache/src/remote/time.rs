use std::time::{Duration, Instant};

/// What the store's clock has shown, and when.
///
/// All who share a bucket end its entries by this one clock, and count on from here by one that only
/// ever runs on: what wall clocks of nodes show does not matter. Nor does the cache's own, which a test
/// may stop, for the store's runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    pub(crate) shown: Duration,
    /// It was shown at some moment between these two.
    pub(crate) asked_at: Instant,
    pub(crate) answered_at: Instant,
}

/// How far clocks may drift apart between two sightings.
const DRIFT_MAX: Duration = Duration::from_secs(1);

impl Sighting {
    /// The least that the clock can show at a moment. Who stores an entry counts from there.
    pub(crate) fn least(&self, at: Instant) -> Duration {
        self.shown
            .saturating_add(at.saturating_duration_since(self.answered_at))
    }

    /// The most that the clock can show at a moment. Who reads an entry counts from there.
    pub(crate) fn most(&self, at: Instant) -> Duration {
        self.shown
            .saturating_add(at.saturating_duration_since(self.asked_at))
    }

    /// Whether the clock was set back since it was seen before, or is another one that is behind.
    pub(crate) fn is_set_back(&self, before: &Self) -> bool {
        self.shown.saturating_add(DRIFT_MAX) < before.least(self.asked_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn sighting(start: Instant, [shown, asked_at, answered_at]: [u64; 3]) -> Sighting {
        Sighting {
            shown: seconds(shown),
            asked_at: start + seconds(asked_at),
            answered_at: start + seconds(answered_at),
        }
    }

    #[test]
    fn a_life_is_never_counted_longer_than_it_is() {
        let start = Instant::now();
        let (seen, now) = (sighting(start, [100, 10, 13]), start + seconds(16));
        // If it was shown at 12, this is its 104.
        assert_eq!(seen.least(now), seconds(103));
        assert_eq!(seen.most(now), seconds(106));
    }

    #[test]
    fn a_clock_that_goes_back_is_told_from_an_answer_that_is_slow() {
        let start = Instant::now();
        let before = sighting(start, [100, 10, 13]);
        for (now, is_set_back) in [
            ([110, 20, 20], false), // it was shown at 10
            ([107, 20, 20], false), // it was shown at 13
            ([106, 20, 20], false), // the clocks have drifted apart
            ([105, 20, 20], true),
            ([105, 18, 20], false), // it is shown at 18
            ([70, 20, 50], true),
            ([137, 20, 20], false),
        ] {
            let seen = sighting(start, now);
            assert_eq!(seen.is_set_back(&before), is_set_back, "{now:?}");
        }
    }
}
