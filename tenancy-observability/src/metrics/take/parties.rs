use crate::metrics::buckets::{NANOSECONDS, SECONDS};
use crate::metrics::registry::{Family, HISTOGRAM_CELLS, Kind, Labels, Slot, overflow};
use crate::metrics::room::{self, Room};
use crate::metrics::snapshot::{Point, Value};
use crate::metrics::tenants::{FORMER, OTHER, PartyReading, Reading};

/// What was counted for each party, and how much of it has room.
pub(super) struct Parties<'a> {
    reading: &'a Reading,
    room: Room,
    /// What is kept free of each party's room for what finds none: so many bytes, and so often its name.
    kept_bytes: usize,
    kept_lines: usize,
}

impl<'a> Parties<'a> {
    pub(super) fn of(reading: &'a Reading, families: &[Family], room: Room) -> Self {
        let kept = families
            .iter()
            .filter(|family| family.kind.is_of_tenants())
            .map(|family| (family.overflow_bytes(room), room::lines(family.kind)))
            .filter(|(bytes, _)| *bytes > 0);
        let (kept_bytes, kept_lines) = kept.fold((0, 0), |(all_bytes, all_lines), kept| {
            (all_bytes + kept.0, all_lines + kept.1)
        });
        Self {
            reading,
            room,
            kept_bytes,
            kept_lines,
        }
    }

    /// A metric's points for each party for which anything was counted: one for each set of labels that
    /// has room, and one for all others.
    pub(super) fn points(&self, family: &Family) -> Vec<Point> {
        let lines = room::lines(family.kind);
        let sets = family.sets.iter().filter_map(|(labels, slot)| match slot {
            Slot::Tenant(cell) => {
                let bytes = self.room.point(&family.name, family.kind, labels);
                Some((labels, *cell, bytes))
            }
            _ => None,
        });
        let sets: Vec<_> = sets.collect();
        let overflow = overflow();
        let mut points = Vec::new();
        for party in self.reading.parties(self.room) {
            let kept = self.kept_bytes + self.kept_lines * party.name.len();
            let room = party.room.saturating_sub(kept);
            let point = |labels: &Labels, value| Point {
                labels: labels.clone(),
                tenant: party.name.clone(),
                began: party.began,
                value,
            };
            let mut rest = match family.overflow {
                Some(Slot::Tenant(cell)) => self.value(family.kind, cell, &party),
                _ => None,
            };
            for (labels, cell, bytes) in &sets {
                let Some(value) = self.value(family.kind, *cell, &party) else {
                    continue;
                };
                let bytes = bytes + lines * party.name.len();
                if party.told.admits(*cell, bytes, room) {
                    points.push(point(labels, value));
                } else {
                    rest = Some(rest.map_or(value.clone(), |rest| rest.and(&value)));
                }
            }
            points.extend(rest.map(|rest| point(&overflow, rest)));
        }
        points
    }

    /// What a party has from a cell on, if that is anything.
    fn value(&self, kind: Kind, cell: usize, party: &PartyReading<'_>) -> Option<Value> {
        let counted = &party.counted;
        let value = match kind {
            Kind::TenantGauge => {
                // What goes on for a former name goes on for one of the others.
                let held = match &*party.name {
                    FORMER => return None,
                    OTHER => counted.get(cell).wrapping_add(self.reading.former(cell)),
                    _ => counted.get(cell),
                };
                Value::Gauge(held.cast_signed() as f64)
            }
            Kind::TenantHistogram => {
                // The sum first: the counts are then of no less than what is in it.
                let sum = counted.get(cell + HISTOGRAM_CELLS - 1);
                let cells = cell..=cell + NANOSECONDS.len();
                Value::Histogram {
                    bounds: SECONDS,
                    counts: cells.map(|cell| counted.get(cell)).collect(),
                    sum: sum as f64 / 1e9,
                }
            }
            _ => Value::Counter(counted.get(cell)),
        };
        value.is_anything().then_some(value)
    }
}

impl Value {
    /// A gauge that has gone back to nothing says so; what was never counted for somebody is no point.
    pub(in crate::metrics) fn is_anything(&self) -> bool {
        match self {
            Self::Counter(number) => *number > 0,
            Self::Gauge(_) => true,
            Self::Histogram { counts, .. } => counts.iter().any(|&count| count > 0),
        }
    }

    /// Both together; they are of one kind.
    fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Counter(one), Self::Counter(other)) => Self::Counter(one.wrapping_add(*other)),
            (Self::Gauge(one), Self::Gauge(other)) => Self::Gauge(one + other),
            (
                Self::Histogram {
                    bounds,
                    mut counts,
                    sum,
                },
                Self::Histogram {
                    counts: others,
                    sum: other,
                    ..
                },
            ) => {
                for (count, other) in counts.iter_mut().zip(others) {
                    *count = count.wrapping_add(*other);
                }
                Self::Histogram {
                    bounds,
                    counts,
                    sum: sum + other,
                }
            }
            (one, _) => one,
        }
    }
}
