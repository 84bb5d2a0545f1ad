use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::histogram::Times;

/// Above this share of the processors' time the generator measures itself.
const CPU_SHARE_MAX: f64 = 0.8;

/// Above this the generator sends late by itself.
const LAG_MAX: Duration = Duration::from_millis(1);

/// Whether the program that sends kept up, without which what it measured says little of the server.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Generator {
    /// The part of all processors' time that this process took.
    pub cpu_share: f64,
    /// How late 99 of a hundred requests were sent at most, in microseconds; `None` where none was.
    pub lag_p99_us: Option<u64>,
    /// Whether either is too much.
    pub saturated: bool,
}

/// Watches this process while it sends.
#[derive(Debug)]
pub(crate) struct Watch {
    began: Instant,
    cpu_before: Duration,
    lag: Mutex<Times>,
}

impl Watch {
    pub(crate) fn begin() -> Self {
        Self {
            began: Instant::now(),
            cpu_before: cpu_time(),
            lag: Mutex::new(Times::exact()),
        }
    }

    /// Takes how late something was begun.
    pub(crate) fn lag(&self, lag: Duration) {
        let mut times = self.lag.lock().unwrap_or_else(PoisonError::into_inner);
        times.record(lag);
    }

    pub(crate) fn finish(&self) -> Generator {
        let processors = available_parallelism().map_or(1, usize::from);
        let time = self.began.elapsed().as_secs_f64() * processors as f64;
        let cpu = cpu_time().saturating_sub(self.cpu_before);
        let times = self.lag.lock().unwrap_or_else(PoisonError::into_inner);
        Generator::judged(
            cpu.as_secs_f64() / time.max(f64::MIN_POSITIVE),
            times.percentile_us(99.0),
        )
    }
}

impl Generator {
    pub(crate) fn judged(cpu_share: f64, lag_p99_us: Option<u64>) -> Self {
        let lag = lag_p99_us.map(Duration::from_micros);
        Self {
            cpu_share,
            lag_p99_us,
            saturated: cpu_share > CPU_SHARE_MAX || lag > Some(LAG_MAX),
        }
    }

    pub(crate) fn worse_of(&self, other: &Self) -> Self {
        Self {
            cpu_share: self.cpu_share.max(other.cpu_share),
            lag_p99_us: self.lag_p99_us.max(other.lag_p99_us),
            saturated: self.saturated || other.saturated,
        }
    }

    /// What saturation means for the figures.
    pub(crate) fn remark(&self) -> String {
        let lag = self.lag_p99_us.unwrap_or_default() as f64 / 1e3;
        let cpu = self.cpu_share * 100.0;
        format!(
            "the generator did not keep up ({cpu:.0} % of the processors, p99 of its lag {lag:.1} ms): \
             the server may be better than these figures"
        )
    }
}

/// The processors' time that this process has taken so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_time_or_too_great_a_lag_is_saturation_and_each_suffices() {
        assert!(!Generator::judged(0.8, Some(1000)).saturated);
        assert!(Generator::judged(0.81, Some(10)).saturated);
        assert!(Generator::judged(0.1, Some(1001)).saturated);
        assert!(!Generator::judged(0.1, None).saturated);
    }
}
