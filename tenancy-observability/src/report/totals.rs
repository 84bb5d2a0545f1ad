use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_core::meter::DatabaseUse;

use super::sketch::Sketch;
use crate::layer::Spent;

/// How a piece of work ended, as a report counts it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    Cancelled,
    Failed,
    Fine,
}

/// What one endpoint's requests, or all of several endpoints', came to.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Totals {
    /// From begin to end without the clients' own time, cancelled ones among them.
    pub(super) times: Sketch,
    pub(super) errors: u64,
    pub(super) cancelled: u64,
    pub(super) cpu: Duration,
    /// Of how many requests anybody knows what they did in database and caches.
    pub(super) with_scope: u64,
    pub(super) database: DatabaseUse,
    pub(super) cache_hits: u64,
    pub(super) cache_misses: u64,
    pub(super) cache_time: Duration,
    /// Of how many requests anybody knows what they allocated.
    pub(super) with_memory: u64,
    pub(super) allocated_bytes: u64,
    pub(super) allocated_bytes_max: u64,
}

impl Totals {
    pub(super) fn add(&mut self, end: End, spent: &Spent) {
        let nanoseconds = u64::try_from(spent.total.as_nanos()).unwrap_or(u64::MAX);
        self.times.add(nanoseconds);
        self.errors += u64::from(end == End::Failed);
        self.cancelled += u64::from(end == End::Cancelled);
        self.cpu += spent.cpu;
        if let Some(database) = spent.database {
            self.with_scope += 1;
            self.database.calls += database.calls;
            self.database.time += database.time;
            self.database.wall_time += database.wall_time;
        }
        if let Some(lookups) = spent.cache_lookups {
            self.cache_hits += lookups.hits;
            self.cache_misses += lookups.misses;
        }
        self.cache_time += spent.cache_time.unwrap_or_default();
        if let Some(bytes) = spent.allocated_bytes {
            self.with_memory += 1;
            self.allocated_bytes = self.allocated_bytes.saturating_add(bytes);
            self.allocated_bytes_max = self.allocated_bytes_max.max(bytes);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.times.merge(&other.times);
        self.errors += other.errors;
        self.cancelled += other.cancelled;
        self.cpu += other.cpu;
        self.with_scope += other.with_scope;
        self.database.calls += other.database.calls;
        self.database.time += other.database.time;
        self.database.wall_time += other.database.wall_time;
        self.cache_hits += other.cache_hits;
        self.cache_misses += other.cache_misses;
        self.cache_time += other.cache_time;
        self.with_memory += other.with_memory;
        self.allocated_bytes = self.allocated_bytes.saturating_add(other.allocated_bytes);
        self.allocated_bytes_max = self.allocated_bytes_max.max(other.allocated_bytes_max);
    }
}
