//! What a piece of work has spent, counted where it is spent.

mod call_sites;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use std::time::Instant;

use self::call_sites::CallSites;

pub use self::call_sites::CallSite;

/// Time and calls spent in the database by one scope's work.
///
/// Clones count together, so an outer layer can keep one and read it after the handler has
/// ended or was cancelled. Time of statements that run at once is added up.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    database_calls: AtomicU64,
    database_nanoseconds: AtomicU64,
    call_sites: CallSites,
}

impl Meter {
    /// How many statements were sent, opening, committing and undoing transactions among them. One
    /// that failed or was cancelled counts as well.
    pub fn database_calls(&self) -> u64 {
        self.0.database_calls.load(Ordering::Relaxed)
    }

    /// How long the work waited for them, and for a connection.
    pub fn database_time(&self) -> Duration {
        Duration::from_nanos(self.0.database_nanoseconds.load(Ordering::Relaxed))
    }

    /// The places in the program that sent at least so many statements each. The same statement sent over
    /// and over for one request, once for each row of a list, is one that could be sent once (N+1).
    /// Of more than 64 places the later ones are not counted.
    pub fn repeated_calls(&self, calls: u64) -> Vec<CallSite> {
        self.0.call_sites.at_least(calls)
    }

    /// Notes where a statement comes from.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn called_from(&self, location: &'static Location<'static>) {
        self.0.call_sites.count(location);
    }

    /// Begins to count a call; it is counted when the guard is dropped, however the call ends.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn database_call(&self) -> DatabaseCall<'_> {
        DatabaseCall {
            counters: &self.0,
            began: Instant::now(),
        }
    }
}

/// A call that is under way. One that fails or is cancelled has cost its time as well.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) struct DatabaseCall<'a> {
    counters: &'a Counters,
    began: Instant,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Drop for DatabaseCall<'_> {
    fn drop(&mut self) {
        let nanoseconds = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let Counters {
            database_calls,
            database_nanoseconds,
            ..
        } = self.counters;
        database_calls.fetch_add(1, Ordering::Relaxed);
        database_nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}
