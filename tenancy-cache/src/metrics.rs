//! What the cache tells of itself, through the `metrics` facade.
//!
//! The counters `tenancy_cache_hits_total`, `…_misses_total`, `…_stale_total`,
//! `…_loads_total`, `…_load_failures_total`, `…_evictions_total` and `…_refused_total` (values that
//! were too large to be kept) have the label `class`. Recorders must be installed before the cache is
//! built.

use metrics::{Counter, Histogram, counter, histogram};

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
        }
    }
}
