use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::memory;

/// What measuring took of some requests, and what those took themselves.
///
/// One request in 256 is timed for it, so that this costs the others nothing. It is the time of the processor
/// in the layer and in its observers; what goes on within a request, such as the hearing of its statements,
/// is the request's own work here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct OwnCost {
    /// How many requests were timed.
    pub requests: u64,
    /// In the layer and its observers.
    pub measuring: Duration,
    /// In what is measured.
    pub work: Duration,
    /// Bytes that the layer and its observers asked for; none where nobody [counts](crate::memory) them.
    pub measuring_bytes: u64,
    /// Bytes that what is measured asked for.
    pub work_bytes: u64,
}

impl OwnCost {
    /// The share of the processor's time for requests that goes to measuring, from 0 to 1. `None` where no
    /// request was timed.
    pub fn share(&self) -> Option<f64> {
        let all = (self.measuring + self.work).as_secs_f64();
        (all > 0.0).then(|| self.measuring.as_secs_f64() / all)
    }

    /// What measuring takes of one request. `None` where none was timed.
    pub fn each(&self) -> Option<Duration> {
        let each = nanoseconds(self.measuring).checked_div(self.requests);
        each.map(Duration::from_nanos)
    }

    /// Does some measuring, in which there may be [work](Self::time_work).
    pub(super) fn time<T>(&mut self, measure: impl FnOnce(&mut Self) -> T) -> T {
        let (before, mark) = (*self, Mark::now());
        let measured = measure(self);
        let (time, bytes) = mark.elapsed();
        self.measuring += time.saturating_sub(self.work - before.work);
        self.measuring_bytes += bytes.saturating_sub(self.work_bytes - before.work_bytes);
        measured
    }

    pub(super) fn time_work<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let mark = Mark::now();
        let done = work();
        let (time, bytes) = mark.elapsed();
        self.work += time;
        self.work_bytes += bytes;
        done
    }

    /// Adds the measuring since a moment on this thread.
    pub(super) fn add_since(&mut self, mark: Mark) {
        let (time, bytes) = mark.elapsed();
        self.measuring += time;
        self.measuring_bytes += bytes;
    }
}

/// A moment on a thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: Instant,
    allocated: Option<u64>,
}

impl Mark {
    pub(super) fn now() -> Self {
        Self {
            at: Instant::now(),
            allocated: memory::allocated(),
        }
    }

    fn elapsed(self) -> (Duration, u64) {
        let bytes = match (self.allocated, memory::allocated()) {
            (Some(before), Some(now)) => now - before,
            _ => 0,
        };
        (self.at.elapsed(), bytes)
    }
}

/// What all timed requests took together.
#[derive(Debug, Default)]
pub(super) struct OwnCosts {
    requests: AtomicU64,
    measuring_nanoseconds: AtomicU64,
    work_nanoseconds: AtomicU64,
    measuring_bytes: AtomicU64,
    work_bytes: AtomicU64,
}

impl OwnCosts {
    pub(super) fn add(&self, cost: &OwnCost) {
        let sums = [
            (&self.requests, cost.requests),
            (&self.measuring_nanoseconds, nanoseconds(cost.measuring)),
            (&self.work_nanoseconds, nanoseconds(cost.work)),
            (&self.measuring_bytes, cost.measuring_bytes),
            (&self.work_bytes, cost.work_bytes),
        ];
        for (sum, more) in sums {
            sum.fetch_add(more, Ordering::Relaxed);
        }
    }

    pub(super) fn sum(&self) -> OwnCost {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        OwnCost {
            requests: read(&self.requests),
            measuring: Duration::from_nanos(read(&self.measuring_nanoseconds)),
            work: Duration::from_nanos(read(&self.work_nanoseconds)),
            measuring_bytes: read(&self.measuring_bytes),
            work_bytes: read(&self.work_bytes),
        }
    }
}

/// Five hundred years fit.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
