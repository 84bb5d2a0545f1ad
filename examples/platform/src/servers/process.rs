use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// How much processor time the process has used, and when.
pub(super) struct Used {
    processor: Duration,
    at: Instant,
}

impl Used {
    pub(super) fn now() -> Self {
        let processor = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            processor: Duration::try_from(processor).unwrap_or_default(),
            at: Instant::now(),
        }
    }

    /// The share of all processors since then.
    pub(super) fn share_until(&self, later: &Self) -> Option<f64> {
        let processors = std::thread::available_parallelism().ok()?.get() as f64;
        let passed = later.at.duration_since(self.at).as_secs_f64();
        let used = later.processor.saturating_sub(self.processor).as_secs_f64();
        (passed > 0.0).then(|| (used / passed / processors).min(1.0))
    }
}

/// What this process holds, where the system says so as Linux does.
pub(super) fn memory_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    let size = u64::try_from(rustix::param::page_size()).ok()?;
    Some(pages * size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_shared_by_all_threads_of_all_of_them() {
        let processors = std::thread::available_parallelism().unwrap().get() as f64;
        let at = Instant::now();
        let used = |processor, passed| Used {
            processor: Duration::from_secs(processor),
            at: at + Duration::from_secs(passed),
        };
        let share = used(5, 0).share_until(&used(7, 4)).unwrap();
        assert!((share - 0.5 / processors).abs() < 1e-9, "{share}");
        assert_eq!(used(5, 0).share_until(&used(5, 0)), None);
    }
}
