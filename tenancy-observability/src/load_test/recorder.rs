use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::histogram::Times;
use super::progress::Progress;
use super::series::{Sample, Series};
use super::timeline::{Interval, Timeline};

/// How many callers have figures of their own; the others share theirs.
pub const NAMED_CALLERS_MAX: usize = 256;

/// Takes what is measured, from as many tasks as like, in an amount of memory that only the numbers of
/// endpoints and callers decide.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    endpoints: Box<[Mutex<Series>]>,
    /// One for each named caller, and a last one for the others.
    callers: Box<[Mutex<Series>]>,
    timeline: Mutex<Timeline>,
    begun: AtomicU64,
    ended: AtomicU64,
    failed: AtomicU64,
}

/// What a [`Recorder`] has taken.
#[derive(Debug)]
pub struct Recorded {
    pub(crate) endpoints: Vec<Series>,
    pub(crate) callers: Vec<Series>,
    pub(crate) timeline: Vec<Interval>,
}

impl Recorded {
    /// All endpoints together.
    pub fn all(&self) -> Series {
        let mut all = Series::new(Times::exact);
        self.endpoints.iter().for_each(|series| all.add(series));
        all
    }
}

impl Recorder {
    /// One for a run that begins now.
    pub fn new(endpoints: usize, callers: usize) -> Self {
        let callers = callers.min(NAMED_CALLERS_MAX) + 1;
        let series = |count, times: fn() -> Times| {
            let series = (0..count).map(|_| Mutex::new(Series::new(times)));
            series.collect()
        };
        Self {
            began: Instant::now(),
            endpoints: series(endpoints, Times::exact),
            callers: series(callers, Times::coarse),
            timeline: Mutex::new(Timeline::new()),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// Takes what became of a request to the endpoint and as the caller with these indices.
    ///
    /// # Panics
    /// Where there is no such endpoint.
    pub fn record(&self, endpoint: usize, caller: usize, sample: &Sample) {
        locked(&self.endpoints[endpoint]).record(sample);
        locked(self.caller(caller)).record(sample);
        locked(&self.timeline).record(self.began.elapsed(), sample);
        self.ended.fetch_add(1, Ordering::Relaxed);
        if !sample.ending.is_success() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cut_off(&self, endpoint: usize, caller: usize, after: Duration) {
        locked(&self.endpoints[endpoint]).cut_off(after);
        locked(self.caller(caller)).cut_off(after);
    }

    pub(crate) fn drop_one(&self, endpoint: usize, caller: usize) {
        locked(&self.endpoints[endpoint]).dropped += 1;
        locked(self.caller(caller)).dropped += 1;
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        Progress {
            elapsed: self.began.elapsed(),
            begun: self.begun.load(Ordering::Relaxed),
            ended: self.ended.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// What it has taken by now, of a run of this length, which is over: each series is moved out in as little
    /// memory as can be, so that a run never needs its memory twice, and what comes later is not kept.
    pub fn finish(&self, length: Duration) -> Recorded {
        let series = |series: &[Mutex<Series>]| {
            let series = series.iter().map(|series| locked(series).take());
            series.collect()
        };
        Recorded {
            endpoints: series(&self.endpoints),
            callers: series(&self.callers),
            timeline: locked(&self.timeline).finish(length),
        }
    }

    fn caller(&self, index: usize) -> &Mutex<Series> {
        &self.callers[index.min(self.callers.len() - 1)]
    }
}

/// Each critical section adds to counts, so those of a poisoned series are still whole.
fn locked<T>(series: &Mutex<T>) -> MutexGuard<'_, T> {
    series.lock().unwrap_or_else(PoisonError::into_inner)
}
