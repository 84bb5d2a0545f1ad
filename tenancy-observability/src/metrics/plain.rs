use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{CounterFn, GaugeFn, HistogramFn};

use super::buckets::Buckets;

/// A counter of no tenant's.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

/// A gauge of no tenant's: the bits of a floating point number.
#[derive(Debug, Default)]
pub(super) struct Gauge(AtomicU64);

/// A histogram of no tenant's. It holds no samples, so nobody has to fetch them.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: Buckets,
    counts: Box<[AtomicU64]>,
    sum: Gauge,
}

impl Counter {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl CounterFn for Counter {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

impl Gauge {
    pub(super) fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

impl GaugeFn for Gauge {
    fn increment(&self, value: f64) {
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // Never fails: there is always a sum.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    fn decrement(&self, value: f64) {
        self.increment(-value);
    }

    fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }
}

impl Histogram {
    pub(super) fn new(buckets: Buckets) -> Self {
        let counts = buckets.bounds().len() + 1;
        Self {
            buckets,
            counts: (0..counts).map(|_| AtomicU64::new(0)).collect(),
            sum: Gauge::default(),
        }
    }

    pub(super) fn bounds(&self) -> &'static [f64] {
        self.buckets.bounds()
    }

    /// How much was recorded in each bucket, and the sum of it.
    pub(super) fn get(&self) -> (Vec<u64>, f64) {
        let sum = self.sum.get();
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        (counts.collect(), sum)
    }
}

impl HistogramFn for Histogram {
    fn record(&self, value: f64) {
        // One that is no number would make the sum none for ever.
        if value.is_finite() {
            let bounds = self.buckets.bounds();
            let place = bounds.partition_point(|&bound| bound < value);
            self.counts[place].fetch_add(1, Ordering::Relaxed);
            self.sum.increment(value);
        }
    }
}
