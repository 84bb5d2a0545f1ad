//! Invalidation by what is committed, here and elsewhere.

mod edge;
mod follow;
mod observer;
mod order;

use std::collections::BTreeSet;
use std::time::Duration;

use tenancy_core::sql::Database;

pub use self::edge::{Edge, EdgeFollower, Flushed};
pub(crate) use self::follow::{Followed, Journal};
pub(crate) use self::observer::Observer;
pub use self::order::FlushOrder;
use crate::cache::CacheBuilder;
use crate::key::Tag;

impl CacheBuilder {
    /// Lets committed changes flush the tags of what they change: a tag of the resource's kind, and
    /// one with its id behind it, as in `Tag::new("product")` and `Tag::new("product").part(id)`.
    ///
    /// What this process commits is flushed before COMMIT is sent and again when its outcome is
    /// known, and nothing that has the tags is kept in between; so whoever has committed sees the
    /// change, and so do all who ask after. What other processes commit is read from a tenant's
    /// journal, by those who use its entries, within the [`check_interval`](Self::check_interval).
    /// Where it cannot be read, nothing is served from the cache.
    ///
    /// Loads must read the database itself, not a replica that lags behind.
    pub fn journal(mut self, database: &Database) -> Self {
        self.database = Some(database.clone());
        self
    }

    /// Sets how long what another process changes may go unnoticed. Default: one second.
    pub fn check_interval(mut self, interval: Duration) -> Self {
        self.check_interval = interval;
        self
    }
}

/// The tags of what was changed.
fn tags<'a>(changes: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<Tag> {
    changes
        .flat_map(|(resource, id)| {
            let kind = Tag::from(resource);
            [kind.clone().part(id), kind]
        })
        .collect()
}
