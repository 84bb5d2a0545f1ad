//! What a piece of work has spent, counted where it is spent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
}

impl Meter {
    /// How many statements were sent, opening and committing transactions among them.
    pub fn database_calls(&self) -> u64 {
        self.0.database_calls.load(Ordering::Relaxed)
    }

    /// How long the work waited for them.
    pub fn database_time(&self) -> Duration {
        Duration::from_nanos(self.0.database_nanoseconds.load(Ordering::Relaxed))
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn add_database_call(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.database_calls.fetch_add(1, Ordering::Relaxed);
        self.0
            .database_nanoseconds
            .fetch_add(nanoseconds, Ordering::Relaxed);
    }
}
