//! One number for a run, for a glance over many.

use super::Series;
use super::requirement::RPS_MIN;

/// With fewer answers there is no score.
const ANSWERS_MIN: u64 = 100;

/// What a run can have that does not meet a requirement.
const UNMET_MAX: f64 = 49.0;

/// The response time, in microseconds, that earns half of what speed can.
const USUAL_US: f64 = 200_000.0;

/// From 0 to 100; `None` with fewer than a hundred answers, which say nothing.
///
/// Forty points are for success: none at 90 % of requests and below, all of them at 100 %, evenly
/// between. Forty are for speed: `40 × 200 / (200 + p95 in ms)`. Twenty are for throughput:
/// `20 × rps / (rps + 100)`. Where a requirement is not met it is 49 at most. So it never falls when
/// anything of this improves.
pub(crate) fn score(all: &Series, seconds: f64, all_met: bool) -> Option<f64> {
    if all.answered() < ANSWERS_MIN || seconds <= 0.0 {
        return None;
    }
    let success = 1.0 - all.error_rate()?;
    let success = ((success - 0.9) / 0.1).clamp(0.0, 1.0);
    let p95 = all.response.percentile_us(95.0)? as f64;
    let rps = all.answered() as f64 / seconds;
    let points = 40.0 * success + 40.0 * USUAL_US / (USUAL_US + p95) + 20.0 * rps / (rps + RPS_MIN);
    let points = if all_met {
        points
    } else {
        points.min(UNMET_MAX)
    };
    Some((points * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load_test::histogram::Times;
    use crate::load_test::series::{Ending, Sample};

    fn series(millis: u64, succeeded: u64, failed: u64) -> Series {
        let mut series = Series::new(Times::exact);
        for number in 0..succeeded + failed {
            let status = if number < succeeded { 200 } else { 500 };
            let time = Duration::from_millis(millis);
            series.record(&Sample {
                response: time,
                service: time,
                ending: Ending::Answered { status, bytes: 0 },
            });
        }
        series
    }

    #[test]
    fn it_never_falls_when_something_improves() {
        let steps = |of: &mut dyn FnMut(u64) -> f64| {
            let scores: Vec<f64> = (1..100).map(of).collect();
            assert!(scores.is_sorted(), "{scores:?}");
            assert!(scores[0] < scores[98]);
            assert!(scores.iter().all(|score| (0.0..=100.0).contains(score)));
        };
        for all_met in [true, false] {
            steps(&mut |n| score(&series(6000 / n, 200, 0), 10.0, all_met).unwrap());
        }
        steps(&mut |n| score(&series(20, 900 + n, 100 - n), 10.0, true).unwrap());
        steps(&mut |n| score(&series(20, 1000, 0), 100.0 / n as f64, true).unwrap());
    }

    #[test]
    fn what_is_not_met_caps_it_and_too_little_has_none() {
        let fast = series(1, 10_000, 0);
        assert!(score(&fast, 1.0, true).unwrap() > 95.0);
        assert_eq!(score(&fast, 1.0, false), Some(49.0));
        assert_eq!(score(&series(1, 99, 0), 1.0, true), None);
        assert_eq!(score(&series(1, 0, 0), 0.0, true), None);
    }
}
