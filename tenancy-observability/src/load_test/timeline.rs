use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::histogram::Times;
use super::series::{Ending, Sample};

/// How many intervals are kept at most.
const INTERVALS_MAX: usize = 120;

/// How a run went, in intervals of equal length. When there are too many, two become one.
#[derive(Debug)]
pub(crate) struct Timeline {
    width: Duration,
    intervals: Vec<Counted>,
}

#[derive(Debug)]
struct Counted {
    times: Times,
    ended: u64,
    failed: u64,
}

/// One stretch of a run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Interval {
    /// When it began, since the run's beginning.
    pub from_seconds: f64,
    /// How many requests ended a second.
    pub rate: f64,
    /// How many of them did not succeed.
    pub failed: u64,
    /// What half of the response times do not exceed, to a hundredth; `None` without a sample.
    pub p50_us: Option<u64>,
    /// What 99 of a hundred do not exceed.
    pub p99_us: Option<u64>,
}

#[cfg(test)]
impl Interval {
    pub(crate) fn at(second: u32, time_us: Option<u64>) -> Self {
        Self {
            from_seconds: f64::from(second),
            rate: 1.0,
            failed: 0,
            p50_us: time_us,
            p99_us: time_us,
        }
    }
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self {
            width: Duration::from_secs(1),
            intervals: vec![],
        }
    }

    /// Counts a request that ended so long after the beginning.
    pub(crate) fn record(&mut self, at: Duration, sample: &Sample) {
        let index = self.reach(at);
        let interval = &mut self.intervals[index];
        interval.ended += 1;
        interval.failed += u64::from(!sample.ending.is_success());
        if let Ending::Answered { .. } | Ending::TimedOut = sample.ending {
            interval.times.record(sample.response);
        }
    }

    /// The interval of a time, which there is from now on.
    fn reach(&mut self, at: Duration) -> usize {
        while self.index(at) >= INTERVALS_MAX {
            self.halve();
        }
        let index = self.index(at);
        while self.intervals.len() <= index {
            self.intervals.push(Counted::new());
        }
        index
    }

    fn index(&self, at: Duration) -> usize {
        usize::try_from(at.as_nanos() / self.width.as_nanos()).unwrap_or(usize::MAX)
    }

    fn halve(&mut self) {
        self.width *= 2;
        let mut pairs = std::mem::take(&mut self.intervals).into_iter();
        while let Some(mut first) = pairs.next() {
            if let Some(second) = pairs.next() {
                first.add(&second);
            }
            self.intervals.push(first);
        }
    }

    /// What there was until the run's end.
    pub(crate) fn finish(&mut self, length: Duration) -> Vec<Interval> {
        // A time in which nothing ended is part of the run as well.
        let last = self.reach(length.saturating_sub(Duration::from_nanos(1)));
        let begun = self.begin_of(last);
        // How many ended in a few milliseconds is no rate: they go with those before.
        if last > 0
            && length.saturating_sub(begun) < self.width / 2
            && let Some(rest) = self.intervals.pop()
        {
            self.intervals[last - 1].add(&rest);
        }
        let count = self.intervals.len();
        let intervals = self.intervals.iter().enumerate();
        let intervals = intervals.map(|(index, counted)| {
            let from = self.begin_of(index);
            let width = match index + 1 == count {
                true => length.saturating_sub(from),
                false => self.width,
            };
            Interval {
                from_seconds: from.as_secs_f64(),
                rate: counted.ended as f64 / width.as_secs_f64().max(0.001),
                failed: counted.failed,
                p50_us: counted.times.percentile_us(50.0),
                p99_us: counted.times.percentile_us(99.0),
            }
        });
        intervals.collect()
    }

    fn begin_of(&self, index: usize) -> Duration {
        // There are no more than INTERVALS_MAX of them.
        self.width * u32::try_from(index).unwrap_or(u32::MAX)
    }
}

impl Counted {
    fn new() -> Self {
        Self {
            times: Times::coarse(),
            ended: 0,
            failed: 0,
        }
    }

    fn add(&mut self, other: &Self) {
        self.times.add(&other.times);
        self.ended += other.ended;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(after: Duration) -> Sample {
        Sample {
            response: after,
            service: after,
            ending: Ending::Answered {
                status: 200,
                bytes: 0,
            },
        }
    }

    #[test]
    fn a_long_run_has_longer_intervals_and_no_more_of_them() {
        let mut timeline = Timeline::new();
        let length = Duration::from_secs(7200);
        for second in 0..7200 {
            timeline.record(
                Duration::from_secs(second),
                &answered(Duration::from_millis(9)),
            );
        }
        let intervals = timeline.finish(length);
        assert!(intervals.len() <= INTERVALS_MAX);
        let rates: Vec<f64> = intervals.iter().map(|interval| interval.rate).collect();
        assert!(rates.iter().all(|rate| *rate == 1.0), "{rates:?}");
        assert!(
            intervals
                .iter()
                .all(|interval| interval.p50_us == Some(9023))
        );
    }

    #[test]
    fn an_interval_in_which_nothing_ended_has_no_percentile() {
        let mut timeline = Timeline::new();
        for second in [0, 2] {
            timeline.record(
                Duration::from_secs(second),
                &answered(Duration::from_millis(1)),
            );
        }
        let intervals = timeline.finish(Duration::from_secs(3));
        assert_eq!(intervals[1].rate, 0.0);
        assert_eq!(intervals[1].p50_us, None);
    }

    #[test]
    fn the_rate_of_the_last_moments_is_that_of_a_whole_interval() {
        let mut timeline = Timeline::new();
        for tenth in 0..=20 {
            let at = Duration::from_millis(100 * tenth);
            timeline.record(at, &answered(Duration::from_millis(1)));
        }
        // One of them ended in the last ten milliseconds.
        let intervals = timeline.finish(Duration::from_millis(2010));
        let rates: Vec<f64> = intervals.iter().map(|interval| interval.rate).collect();
        assert_eq!(rates, [10.0, 11.0 / 1.01]);
    }

    #[test]
    fn a_server_that_fell_silent_is_shown_until_the_end() {
        let mut timeline = Timeline::new();
        timeline.record(Duration::ZERO, &answered(Duration::from_millis(1)));
        let intervals = timeline.finish(Duration::from_secs(3));
        let rates: Vec<f64> = intervals.iter().map(|interval| interval.rate).collect();
        assert_eq!(rates, [1.0, 0.0, 0.0]);
    }
}
