//! Invalidation by what is committed, here and elsewhere.

mod follow;
mod observer;

use tenancy_core::sql::Database;

pub(crate) use self::follow::{Followed, Journal};
pub(crate) use self::observer::Observer;
use crate::cache::CacheBuilder;
use crate::key::Tag;

/// How long another process's change may go unnoticed, unless said otherwise.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

impl CacheBuilder {
    /// Lets committed changes flush the tags of what they change: a tag of the resource's kind, and
    /// one with its id behind it, as in `Tag::new("product")` and `Tag::new("product").part(id)`.
    ///
    /// What this process commits is flushed before COMMIT is sent and again when its outcome is
    /// known, and nothing that has the tags is kept in between; so whoever has committed sees the
    /// change, and so do all who ask after. What other processes commit is read from the tenant's
    /// journal, by those who use its entries, within the [`check_interval`](Self::check_interval).
    /// Where it cannot be read, nothing is served from the cache.
    ///
    /// Loads must read the database itself, not a replica that lags behind.
    pub fn journal(mut self, database: &Database) -> Self {
        let interval = self.journal.map_or(CHECK_INTERVAL, |journal| journal.interval);
        self.journal = Some(Journal::new(database, &self.tenants, CHECK_INTERVAL));
        self
    }
}
