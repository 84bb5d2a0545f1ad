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
        let earlier = before.points.iter();
        let mut earlier: HashMap<Series<'_>, Value> = earlier
            .map(|point| (series(point), point.value.clone()))
            .collect();
        let points = self.points.iter().map(|point| {
            let mut since = point.clone();
            if let Some(mut value) = earlier.remove(&series(point)) {
                since.value.take_out(&mut value);
                since.began = at;
            }
            since
        });
        let mut points: Vec<Point> = points.collect();
        // What is left had its name then and has none now.
        let left = before.points.iter().filter_map(|point| {
            let value = earlier.remove(&series(point))?;
            Some((&point.labels, value))
        });
        let mut left: Vec<_> = left.collect();
        let mut former: Vec<_> = points
            .iter_mut()
            .filter(|point| *point.tenant == *FORMER)
            .collect();
        for (labels, value) in &mut left {
            if let Some(former) = former.iter_mut().find(|point| point.labels == **labels) {
                former.value.take_out(value);
                former.began = at;
            }
        }
        // A set of labels that has room by itself under one of the two names may have none under the other,
        // so the rest is in the sum of those without, which is the last point, or in those with.
        for (_, value) in left.iter_mut().filter(|(_, value)| value.is_anything()) {
            for former in former.iter_mut().rev() {
                former.value.take_out(value);
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
    /// Takes out as much of `left` as is there, and leaves the rest of it.
    fn take_out(&mut self, left: &mut Self) {
        match (self, left) {
            (Self::Counter(number), Self::Counter(left)) => {
                let taken = (*left).min(*number);
                *number -= taken;
                *left -= taken;
            }
            (
                Self::Histogram { counts, sum, .. },
                Self::Histogram {
                    counts: counts_left,
                    sum: sum_left,
                    ..
                },
            ) => {
                let before: u64 = counts_left.iter().sum();
                for (count, left) in counts.iter_mut().zip(counts_left.iter_mut()) {
                    let taken = (*left).min(*count);
                    *count -= taken;
                    *left -= taken;
                }
                let after: u64 = counts_left.iter().sum();
                // How much of the sum belongs to a part of the counts nobody knows.
                let taken = match after {
                    0 => *sum_left,
                    _ => (*sum_left * ((before - after) as f64 / before as f64)).min(*sum),
                };
                *sum -= taken;
                *sum_left -= taken;
            }
            _ => {}
        }
    }
}

fn series(point: &Point) -> Series<'_> {
    (&point.labels, &point.tenant, point.began)
}
