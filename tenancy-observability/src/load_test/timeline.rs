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
        let mut index = self.index(at);
        while index >= INTERVALS_MAX {
            self.halve();
            index = self.index(at);
        }
        while self.intervals.len() <= index {
            self.intervals.push(Counted::new());
        }
        let interval = &mut self.intervals[index];
        interval.ended += 1;
        interval.failed += u64::from(!sample.ending.is_success());
        if let Ending::Answered { .. } | Ending::TimedOut = sample.ending {
            interval.times.record(sample.response);
        }
    }

    fn index(&self, at: Duration) -> usize {
        usize::try_from(at.as_nanos() / self.width.as_nanos()).unwrap_or(usize::MAX)
    }

    fn halve(&mut self) {
        self.width *= 2;
        let mut pairs = std::mem::take(&mut self.intervals).into_iter();
        while let Some(mut first) = pairs.next() {
            if let Some(second) = pairs.next() {
                first.times.add(&second.times);
                first.ended += second.ended;
                first.failed += second.failed;
            }
            self.intervals.push(first);
        }
    }

    /// What there was until the run's end.
    pub(crate) fn finish(&self, length: Duration) -> Vec<Interval> {
        let intervals = (0_u32..).zip(&self.intervals);
        let intervals = intervals.map(|(index, counted)| {
            let from = self.width * index;
            // The last one may be shorter than the others.
            let width = self.width.min(length.saturating_sub(from));
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
}

impl Counted {
    fn new() -> Self {
        Self {
            times: Times::coarse(),
            ended: 0,
            failed: 0,
        }
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
}
