//! What the cache tells of itself, through the `metrics` facade.
//!
//! The counters `tenancy_cache_hits_total`, `…_misses_total`, `…_stale_total`,
//! `…_loads_total`, `…_load_failures_total`, `…_evictions_total` and `…_refused_total` (values that
//! were too large to be kept) have the label `class`, and so has the histogram
//! `tenancy_cache_load_seconds`. Recorders must be installed before the cache is built.
//!
//! Of the remote tier tell, with the label `class`, `tenancy_cache_remote_hits_total`,
//! `…_remote_misses_total` and `…_remote_waits_total` (loads that waited for another process's), and
//! without it
//!
//! - the counters `tenancy_cache_remote_fenced_total` (values that came too late to be stored),
//!   `…_remote_lost_total` (times that a log of flushes had lost something, so that all entries were
//!   given up), and `…_remote_unreadable_total`, with the label `why`;
//! - the histogram `tenancy_cache_flush_visible_seconds`: from the telling of a flush until it is
//!   obeyed here;
//! - the gauge `tenancy_cache_unproven_seconds`: for how long this process has not known of all
//!   flushes; beyond the cache's `staleness_max`, entries are no longer served. In Redis also
//!   `tenancy_cache_remote_breakers_open`: how many servers are not asked, for they did not answer.
//!
//! [`PlatformCache::record_usage`](crate::PlatformCache::record_usage) sets the gauges
//! `tenancy_cache_bytes`, `…_share_bytes` and `…_entries`, with the label `tenant`, and
//! `tenancy_cache_loads_under_way`.

use std::collections::HashSet;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tenancy_core::TenantId;

use crate::usage::Usage;

/// The counters of one class.
#[derive(Debug)]
pub(crate) struct ClassMetrics {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) stale: Counter,
    pub(crate) loads: Counter,
    pub(crate) load_failures: Counter,
    pub(crate) load_seconds: Histogram,
    pub(crate) evictions: Counter,
    pub(crate) refused: Counter,
    pub(crate) remote_hits: Counter,
    pub(crate) remote_misses: Counter,
    pub(crate) remote_waits: Counter,
}

impl ClassMetrics {
    pub(crate) fn of(class: &'static str) -> Self {
        Self {
            hits: counter!("tenancy_cache_hits_total", "class" => class),
            misses: counter!("tenancy_cache_misses_total", "class" => class),
            stale: counter!("tenancy_cache_stale_total", "class" => class),
            loads: counter!("tenancy_cache_loads_total", "class" => class),
            load_failures: counter!("tenancy_cache_load_failures_total", "class" => class),
            load_seconds: histogram!("tenancy_cache_load_seconds", "class" => class),
            evictions: counter!("tenancy_cache_evictions_total", "class" => class),
            refused: counter!("tenancy_cache_refused_total", "class" => class),
            remote_hits: counter!("tenancy_cache_remote_hits_total", "class" => class),
            remote_misses: counter!("tenancy_cache_remote_misses_total", "class" => class),
            remote_waits: counter!("tenancy_cache_remote_waits_total", "class" => class),
        }
    }
}

/// What concerns all that is shared.
#[derive(Debug)]
pub(crate) struct RemoteMetrics {
    pub(crate) fenced: Counter,
    pub(crate) flush_visible_seconds: Histogram,
    pub(crate) lost: Counter,
    pub(crate) unproven_seconds: Gauge,
}

impl RemoteMetrics {
    pub(crate) fn new() -> Self {
        Self {
            fenced: counter!("tenancy_cache_remote_fenced_total"),
            flush_visible_seconds: histogram!("tenancy_cache_flush_visible_seconds"),
            lost: counter!("tenancy_cache_remote_lost_total"),
            unproven_seconds: gauge!("tenancy_cache_unproven_seconds"),
        }
    }
}

/// Which tenants the gauges name.
#[derive(Debug, Default)]
pub(crate) struct NamedTenants {
    now: HashSet<Arc<str>>,
    ever: HashSet<Arc<str>>,
}

/// How many tenants are named in a process's life. A recorder keeps every label it was ever given.
const NAMED_EVER_MAX: usize = 1000;

/// What stands for the tenants that are not named.
const OTHER: &str = "__other__";

impl NamedTenants {
    /// Tells what tenants take, by name those that have one. Those that were named before and are no
    /// longer are set to nothing.
    pub(crate) fn record(&mut self, usage: &[Usage], name: impl Fn(TenantId) -> Option<Arc<str>>) {
        let (mut other, before) = (Sums::default(), std::mem::take(&mut self.now));
        for tenant in usage {
            let is_known =
                |name: &Arc<str>| self.ever.contains(name) || self.ever.len() < NAMED_EVER_MAX;
            match name(tenant.tenant_id).filter(is_known) {
                Some(name) => {
                    Sums::default().with(tenant).record(&name);
                    self.ever.insert(name.clone());
                    self.now.insert(name);
                }
                None => other = other.with(tenant),
            }
        }
        other.record(OTHER);
        for gone in before.difference(&self.now) {
            Sums::default().record(gone);
        }
        let loads: usize = usage.iter().map(|tenant| tenant.loads).sum();
        gauge!("tenancy_cache_loads_under_way").set(loads as f64);
    }
}

/// What one tenant or several take.
#[derive(Default)]
struct Sums {
    bytes: u64,
    share_bytes: u64,
    entries: usize,
}

impl Sums {
    fn with(self, tenant: &Usage) -> Self {
        Self {
            bytes: self.bytes + tenant.bytes,
            share_bytes: self.share_bytes + tenant.share_bytes,
            entries: self.entries + tenant.entries,
        }
    }

    fn record(self, tenant: &str) {
        let labels = [("tenant", tenant.to_owned())];
        gauge!("tenancy_cache_bytes", &labels).set(self.bytes as f64);
        gauge!("tenancy_cache_share_bytes", &labels).set(self.share_bytes as f64);
        gauge!("tenancy_cache_entries", &labels).set(self.entries as f64);
    }
}
