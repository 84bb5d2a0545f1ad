use std::collections::HashMap;

use tenancy_core::time::Time;

use super::snapshot::{Family, Kind, Point, Snapshot, Value};
use super::tenants::FORMER;

/// A series, by its labels, its tenant and when it began.
type Series<'a> = (&'a [(Box<str>, Box<str>)], &'a str, Time);

impl Snapshot {
    /// What was counted since an earlier snapshot of the same registry; gauges as they are now.
    ///
    /// What a name that was lost meanwhile had counted before is in the counts of former names now, and is
    /// not counted again.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let families = self
            .families
            .iter()
            .map(|family| match earlier.family(&family.name) {
                Some(before) if family.kind != Kind::Gauge => family.since(before, earlier.at),
                _ => family.clone(),
            });
        Self {
            families: families.collect(),
            ..self.clone()
        }
    }
}

impl Family {
    fn since(&self, before: &Self, at: Time) -> Self {
        let mut earlier: HashMap<Series<'_>, &Value> = before
            .points
            .iter()
            .map(|point| (series(point), &point.value))
            .collect();
        let points = self.points.iter().map(|point| {
            let mut since = point.clone();
            if let Some(value) = earlier.remove(&series(point)) {
                since.value.subtract(value);
                since.began = at;
            }
            since
        });
        let mut points: Vec<Point> = points.collect();
        // What is left had its name then and has none now.
        for ((labels, ..), value) in earlier {
            let is_former =
                |point: &&mut Point| *point.tenant == *FORMER && *point.labels == *labels;
            if let Some(former) = points.iter_mut().find(is_former) {
                former.value.subtract(value);
                former.began = at;
            }
        }
        Self {
            points,
            ..self.clone()
        }
    }
}

impl Value {
    fn subtract(&mut self, before: &Self) {
        match (self, before) {
            (Self::Counter(number), Self::Counter(before)) => {
                *number = number.saturating_sub(*before);
            }
            (
                Self::Histogram { counts, sum, .. },
                Self::Histogram {
                    counts: counts_before,
                    sum: sum_before,
                    ..
                },
            ) => {
                for (count, before) in counts.iter_mut().zip(counts_before) {
                    *count = count.saturating_sub(*before);
                }
                *sum -= sum_before;
            }
            _ => {}
        }
    }
}

fn series(point: &Point) -> Series<'_> {
    (&point.labels, &point.tenant, point.began)
}
