use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

use super::Inner;
use super::buckets::NANOSECONDS;
use super::tenants::Series;
use crate::party::Party;

/// Counts events of tenants. Clones are the same counter.
#[derive(Clone, Debug)]
pub struct TenantCounter(pub(super) Option<Handle<Counter>>);

/// Counts what is going on for tenants. Clones are the same gauge.
#[derive(Clone, Debug)]
pub struct TenantGauge(pub(super) Option<Handle<Gauge>>);

/// Sorts durations of tenants' work by length. Clones are the same histogram.
#[derive(Clone, Debug)]
pub struct TenantHistogram(pub(super) Option<Handle<Histogram>>);

/// Something that is going on; over when this is dropped, however that comes about.
///
/// It is over for whom it began, whoever has a name by then.
#[must_use]
#[derive(Debug)]
pub struct Held {
    _until_dropped: Option<HeldIn>,
}

#[derive(Debug)]
struct HeldIn {
    series: Arc<Series>,
    cell: usize,
    total: Option<Gauge>,
}

/// Where a tenants' metric counts.
#[derive(Clone, Debug)]
pub(super) struct Handle<T> {
    inner: Arc<Inner>,
    cell: usize,
    /// What the facade's recorder is told.
    total: Option<T>,
}

impl<T> Handle<T> {
    pub(super) fn new(inner: Arc<Inner>, cell: usize, total: Option<T>) -> Self {
        Self { inner, cell, total }
    }
}

impl TenantCounter {
    /// Adds `number` to what was counted for `party`.
    #[inline]
    pub fn increment(&self, party: Party<'_>, number: u64) {
        if let Some(Handle { inner, cell, total }) = &self.0 {
            inner
                .tenants
                .count(party, |cells| _ = cells.add(*cell, number));
            if let Some(total) = total {
                total.increment(number);
            }
        }
    }
}

impl TenantHistogram {
    /// Records how long something took that was done for `party`.
    #[inline]
    pub fn record(&self, party: Party<'_>, duration: Duration) {
        if let Some(Handle { inner, cell, total }) = &self.0 {
            let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
            let bucket = NANOSECONDS.partition_point(|&bound| bound < nanoseconds);
            inner.tenants.count(party, |cells| {
                cells.add(cell + bucket, 1);
                cells.add(cell + NANOSECONDS.len() + 1, nanoseconds);
            });
            if let Some(total) = total {
                total.record(duration);
            }
        }
    }
}

impl TenantGauge {
    /// Counts one more for `party`, until what this gives is dropped.
    pub fn hold(&self, party: Party<'_>) -> Held {
        let held = self.0.as_ref().map(|handle| {
            let series = handle.inner.tenants.series(party);
            series.cells.add(handle.cell, 1);
            if let Some(total) = &handle.total {
                total.increment(1.0);
            }
            HeldIn {
                series,
                cell: handle.cell,
                total: handle.total.clone(),
            }
        });
        Held {
            _until_dropped: held,
        }
    }
}

impl Drop for HeldIn {
    fn drop(&mut self) {
        self.series.cells.add(self.cell, u64::MAX);
        if let Some(total) = &self.total {
            total.decrement(1.0);
        }
    }
}
