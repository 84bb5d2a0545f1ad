use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Milliseconds since some moment before the cache was made.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Moment(u64);

/// A moment that threads share.
#[derive(Debug, Default)]
pub(crate) struct AtomicMoment(AtomicU64);

impl AtomicMoment {
    pub(crate) fn load(&self) -> Moment {
        Moment(self.0.load(Ordering::Acquire))
    }

    pub(crate) fn store(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::Release);
    }
}

/// Where a cache takes the time from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// The system's monotonic clock, a few milliseconds coarse where that is cheaper to read.
    System,
    /// Tokio's clock, which tests can stop.
    Tokio { start: Instant },
}

impl Clock {
    pub(crate) fn now(self) -> Moment {
        match self {
            Self::System => Moment(system_milliseconds()),
            Self::Tokio { start } => Moment(milliseconds(start.elapsed())),
        }
    }
}

impl Moment {
    /// The moment so much later, or the last there is.
    pub(crate) fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(time)))
    }

    /// The moment so much earlier, or the first there is.
    pub(crate) fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(milliseconds(time)))
    }

    /// The time from another moment until this one; none where the other is later.
    pub(crate) fn since(self, other: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(other.0))
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(target_os = "linux")]
fn system_milliseconds() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    time.tv_sec as u64 * 1_000 + time.tv_nsec as u64 / 1_000_000
}

#[cfg(not(target_os = "linux"))]
fn system_milliseconds() -> u64 {
    use std::sync::LazyLock;
    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    milliseconds(START.elapsed())
}
