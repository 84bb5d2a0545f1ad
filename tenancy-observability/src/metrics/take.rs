mod parties;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tenancy_core::time::Time;

use self::parties::Parties;
use super::Inner;
use super::recorder::TENANT;
use super::registry::{Family as Registered, Kind as RegisteredKind, Labels, Slot, overflow};
use super::snapshot::{Family, Kind, Point, Snapshot, Value};
use super::tenants::Reading;
use crate::party::Party;

/// What the registry counts of itself, with how many points each has.
pub(super) const OWN: [(&str, RegisteredKind, usize); 3] = [
    (NAMED, RegisteredKind::Gauge, 1),
    (OVERFLOW, RegisteredKind::Counter, 1),
    (SERIES, RegisteredKind::Gauge, 3),
];

const NAMED: &str = "tenancy_metrics_named_tenants";
const OVERFLOW: &str = "tenancy_metrics_overflow_total";
const SERIES: &str = "tenancy_metrics_series";

impl Inner {
    pub(super) fn snapshot(&self) -> Snapshot {
        self.tenants.turn();
        let (registered, room) = {
            let registry = self.registry();
            (registry.families(), registry.room())
        };
        let reading = self.tenants.read();
        let platform: Arc<str> = Party::Platform.name().into();
        let parties = Parties::of(&reading, &registered, room);
        let families = registered.iter().map(|family| Family {
            name: family.name.clone(),
            help: family.help.clone(),
            kind: kind(family.kind),
            points: match family.kind.is_of_tenants() {
                true => parties.points(family),
                false => self.points(family, &platform),
            },
        });
        let mut families: Vec<Family> = families
            .filter(|family| !family.points.is_empty())
            .collect();
        families.extend(self.own(&families, &reading, &platform));
        families.sort_by(|one, other| one.name.cmp(&other.name));
        Snapshot {
            at: Time::now(),
            environment: self.environment.clone(),
            writer: self.writer.clone(),
            families,
        }
    }

    fn points(&self, family: &Registered, platform: &Arc<str>) -> Vec<Point> {
        let overflow = overflow();
        let overflow = family.overflow.as_ref().map(|slot| (&overflow, slot));
        let mut points = Vec::new();
        for (labels, slot) in family.sets.iter().chain(overflow) {
            let value = match slot {
                Slot::Counter(counter) => Value::Counter(counter.get()),
                Slot::Gauge(gauge) => Value::Gauge(gauge.get()),
                Slot::Histogram(histogram) => {
                    let (bounds, (counts, sum)) = (histogram.bounds(), histogram.get());
                    Value::Histogram {
                        bounds,
                        counts,
                        sum,
                    }
                }
                Slot::Tenant(_) => continue,
            };
            let (labels, tenant) = apart(labels);
            points.push(Point {
                labels,
                tenant: tenant.unwrap_or_else(|| platform.clone()),
                began: self.began,
                value,
            });
        }
        points
    }

    fn own(&self, families: &[Family], reading: &Reading, platform: &Arc<str>) -> [Family; 3] {
        let points = || families.iter().flat_map(|family| &family.points);
        let series = |state: &str, number: usize| {
            let labels: Labels = Arc::new([("state".into(), state.into())]);
            (labels, Value::Gauge(number as f64))
        };
        let overflow = points().filter(|point| point.is_overflow()).count();
        let series = vec![
            series("live", points().count()),
            series("overflow", overflow),
            series("retired", reading.retired()),
        ];
        let named = vec![(Labels::default(), Value::Gauge(reading.named() as f64))];
        let overflows = Value::Counter(self.overflows.load(Ordering::Relaxed));
        let overflows = vec![(Labels::default(), overflows)];
        let family = |name: &str, help: &str, kind, points: Vec<(Labels, Value)>| Family {
            name: name.into(),
            help: help.into(),
            kind,
            points: points
                .into_iter()
                .map(|(labels, value)| Point {
                    labels,
                    tenant: platform.clone(),
                    began: self.began,
                    value,
                })
                .collect(),
        };
        [
            family(
                NAMED,
                "Tenants with series of their own.",
                Kind::Gauge,
                named,
            ),
            family(
                OVERFLOW,
                "Times that a set of labels found no room.",
                Kind::Counter,
                overflows,
            ),
            family(
                SERIES,
                "Series by what they stand for.",
                Kind::Gauge,
                series,
            ),
        ]
    }
}

/// The labels of a plain point without the tenant, and the tenant.
fn apart(labels: &Labels) -> (Labels, Option<Arc<str>>) {
    let tenant = labels.iter().find(|(key, _)| **key == *TENANT);
    match tenant {
        None => (labels.clone(), None),
        Some((_, tenant)) => {
            let others = labels.iter().filter(|(key, _)| **key != *TENANT);
            (others.cloned().collect(), Some((**tenant).into()))
        }
    }
}

fn kind(kind: RegisteredKind) -> Kind {
    match kind {
        RegisteredKind::Counter | RegisteredKind::TenantCounter => Kind::Counter,
        RegisteredKind::Gauge | RegisteredKind::TenantGauge => Kind::Gauge,
        RegisteredKind::Histogram(_) | RegisteredKind::TenantHistogram => Kind::Histogram,
    }
}
