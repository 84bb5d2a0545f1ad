use std::sync::Arc;

use tenancy_core::time::Time;

use super::tenants::{FORMER, OTHER};

/// What was counted until a time, for a sink to write down.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// When it was taken.
    pub at: Time,
    /// Where the process works: `production`, `staging`.
    pub environment: Arc<str>,
    /// Which process it is among those of the environment.
    pub writer: Arc<str>,
    /// The metrics, by name.
    pub families: Vec<Family>,
}

/// What was counted under one name, in the letters `[a-zA-Z0-9_]`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Family {
    /// Its name.
    pub name: Arc<str>,
    /// What it says, for people; may be empty.
    pub help: Arc<str>,
    /// What kind of number it is.
    pub kind: Kind,
    /// One for each set of labels and tenant.
    pub points: Vec<Point>,
}

/// Kinds of metrics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// It only grows, until the process ends.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many values there were of each size.
    Histogram,
}

/// One number, or the numbers of one histogram.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Point {
    /// Names in the letters `[a-zA-Z0-9_]`, sorted, each with a value of up to 128 bytes.
    pub labels: Arc<[(Box<str>, Box<str>)]>,
    /// For whom it was counted: a tenant's slug, `platform`, `__unknown__` for those whom a client only
    /// says there are, `__other__` for tenants without a name of their own, `__former__` for what was
    /// counted while they had one.
    pub tenant: Arc<str>,
    /// Since when it is counted.
    pub began: Time,
    /// What was counted.
    pub value: Value,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// How often.
    Counter(u64),
    /// How much there is now.
    Gauge(f64),
    /// How often in each bucket.
    Histogram {
        /// The buckets' upper bounds, which belong to them.
        bounds: &'static [f64],
        /// How often in each, and above the last.
        counts: Vec<u64>,
        /// The sum of what was recorded.
        sum: f64,
    },
}

impl Snapshot {
    /// The metric of a name.
    pub fn family(&self, name: &str) -> Option<&Family> {
        let place = self
            .families
            .binary_search_by(|family| (*family.name).cmp(name));
        place.ok().map(|place| &self.families[place])
    }
}

impl Point {
    /// Whether it is the sum of those that have no place of their own.
    pub fn is_overflow(&self) -> bool {
        let is_sum = matches!(&*self.tenant, FORMER | OTHER);
        is_sum || self.label("overflow") == Some("true")
    }

    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        let label = labels.find(|(key, _)| **key == *name);
        label.map(|(_, value)| &**value)
    }
}
