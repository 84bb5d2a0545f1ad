//! What a piece of work has spent, counted where it is spent.

mod call_sites;
mod spans;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use self::call_sites::CallSites;
use self::spans::Spans;

pub use self::call_sites::CallSite;
pub use self::spans::{Span, SpanKind};

/// Time and calls spent in the database and in caches by one scope's work.
///
/// Clones count together, so an outer layer can keep one and read it after the handler has
/// ended or was cancelled.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    database: Mutex<Statements>,
    call_sites: CallSites,
    spans: Spans,
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    cache_nanoseconds: AtomicU64,
}

/// The statements of a piece of work, some of which may run at once.
#[derive(Debug, Default)]
#[cfg_attr(
    not(any(feature = "postgres", feature = "sqlite", test)),
    allow(dead_code, reason = "without a database there are no statements")
)]
struct Statements {
    calls: u64,
    time: Duration,
    /// While at least one ran.
    wall_time: Duration,
    running: u64,
    running_since: Option<Instant>,
}

impl Meter {
    /// What was done in the database so far.
    pub fn database(&self) -> DatabaseUse {
        let database = self.0.database();
        let running = database.running_since.map(|since| since.elapsed());
        DatabaseUse {
            calls: database.calls,
            time: database.time,
            wall_time: database.wall_time + running.unwrap_or_default(),
        }
    }

    /// How many values a cache was asked for, and how many of them it had.
    pub fn cache_lookups(&self) -> CacheLookups {
        let hits = self.0.cache_hits.load(Ordering::Relaxed);
        let misses = self.0.cache_misses.load(Ordering::Relaxed);
        CacheLookups { hits, misses }
    }

    /// How long the work waited for caches, loads of its own left out.
    pub fn cache_time(&self) -> Duration {
        Duration::from_nanos(self.0.cache_nanoseconds.load(Ordering::Relaxed))
    }

    /// Counts values that a cache had.
    #[inline]
    pub fn count_cache_hits(&self, hits: u64) {
        self.0.cache_hits.fetch_add(hits, Ordering::Relaxed);
    }

    /// Counts values that a cache did not have.
    #[inline]
    pub fn count_cache_misses(&self, misses: u64) {
        self.0.cache_misses.fetch_add(misses, Ordering::Relaxed);
    }

    /// Begins to wait for a cache; the time is counted when the guard is dropped.
    pub fn wait_for_cache(&self) -> CacheWait<'_> {
        let began = Instant::now();
        CacheWait { meter: self, began }
    }

    /// The places in the program that sent at least so many statements each. The same statement sent over
    /// and over for one request, once for each row of a list, is one that could be sent once (N+1).
    /// Of more than 64 places the later ones are not counted.
    pub fn repeated_calls(&self, calls: u64) -> Vec<CallSite> {
        self.0.call_sites.at_least(calls)
    }

    /// What was waited for one by one, in the order in which it began: the 64 longest waits, none of them
    /// under a tenth of a millisecond.
    pub fn spans(&self) -> Vec<Span> {
        self.0.spans.all()
    }

    /// Begins to count a call, for a statement from where it comes; it is counted when the guard is dropped,
    /// however the call ends.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn database_call(
        &self,
        location: Option<&'static Location<'static>>,
    ) -> DatabaseCall<'_> {
        if let Some(location) = location {
            self.0.call_sites.count(location);
        }
        let began = Instant::now();
        self.0.database().begin(began);
        DatabaseCall {
            counters: &self.0,
            location,
            began,
        }
    }
}

impl Counters {
    fn database(&self) -> MutexGuard<'_, Statements> {
        // Nothing in between can panic, so poisoned counters are whole.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite", test))]
impl Statements {
    fn begin(&mut self, now: Instant) {
        self.running += 1;
        self.running_since.get_or_insert(now);
    }

    fn end(&mut self, began: Instant, now: Instant) {
        self.calls += 1;
        self.time += now - began;
        self.running -= 1;
        if self.running == 0
            && let Some(since) = self.running_since.take()
        {
            self.wall_time += now - since;
        }
    }
}

/// What was done in the database.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct DatabaseUse {
    /// How many statements were sent, opening, committing and undoing transactions among them. One that
    /// failed or was cancelled counts as well, once it has ended.
    pub calls: u64,
    /// How long the work waited for them, and for a connection. The time of statements that ran at once is
    /// added up.
    pub time: Duration,
    /// For how long at least one statement was on its way: never longer than the work took.
    pub wall_time: Duration,
}

/// What caches were asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct CacheLookups {
    /// Values that were there.
    pub hits: u64,
    /// Values that were not.
    pub misses: u64,
}

/// A wait for a cache that is under way.
#[derive(Debug)]
#[must_use = "dropped at once it counts nothing"]
pub struct CacheWait<'a> {
    meter: &'a Meter,
    began: Instant,
}

impl Drop for CacheWait<'_> {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let counters = &self.meter.0;
        counters
            .cache_nanoseconds
            .fetch_add(nanoseconds, Ordering::Relaxed);
        counters.spans.add(Span {
            kind: SpanKind::Cache,
            location: None,
            began: self.began,
            took,
        });
    }
}

/// A call that is under way. One that fails or is cancelled has cost its time as well.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) struct DatabaseCall<'a> {
    counters: &'a Counters,
    location: Option<&'static Location<'static>>,
    began: Instant,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Drop for DatabaseCall<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        self.counters.database().end(self.began, now);
        self.counters.spans.add(Span {
            kind: match self.location {
                Some(_) => SpanKind::Statement,
                None => SpanKind::Transaction,
            },
            location: self.location,
            began: self.began,
            took: now - self.began,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_run_at_once_take_their_time_together_and_the_clock_s_once() {
        let at = {
            let start = Instant::now();
            move |milliseconds| start + Duration::from_millis(milliseconds)
        };
        let mut statements = Statements::default();
        statements.begin(at(0));
        statements.begin(at(5));
        statements.end(at(0), at(100));
        statements.end(at(5), at(105));
        statements.begin(at(200));
        statements.end(at(200), at(201));
        assert_eq!(statements.calls, 3);
        assert_eq!(statements.time, Duration::from_millis(201));
        assert_eq!(statements.wall_time, Duration::from_millis(106));
    }
}
