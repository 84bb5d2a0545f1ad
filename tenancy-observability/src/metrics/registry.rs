use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::buckets::{Buckets, NANOSECONDS};
use super::name;
use super::plain::{Counter, Gauge, Histogram};
use super::room::Room;
use super::tenants::OWN_CELLS;

/// A set of labels, in the order of their names.
pub(super) type Labels = Arc<[(Box<str>, Box<str>)]>;

/// How many cells a tenant's histogram has: its buckets and the sum.
pub(super) const HISTOGRAM_CELLS: usize = NANOSECONDS.len() + 2;

/// Names of labels that every point has, or that a format uses for itself.
const RESERVED_LABELS: [&str; 5] = ["environment", "le", "overflow", "quantile", "writer"];

/// Which metrics there are. It only grows, up to a bound.
#[derive(Debug)]
pub(super) struct Registry {
    families: HashMap<Box<str>, Family>,
    help: HashMap<Box<str>, Arc<str>>,
    names: HashSet<String>,
    sets: usize,
    sets_max: usize,
    cells: usize,
    cells_max: usize,
    room: Room,
    /// How much of the room for what is no tenant's is taken.
    bytes: usize,
}

/// What has one name.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) name: Arc<str>,
    pub(super) help: Arc<str>,
    pub(super) kind: Kind,
    pub(super) sets: BTreeMap<Labels, Slot>,
    pub(super) overflow: Option<Slot>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram(Buckets),
    TenantCounter,
    TenantGauge,
    TenantHistogram,
}

/// Where a set of labels is counted.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    Counter(Arc<Counter>),
    Gauge(Arc<Gauge>),
    Histogram(Arc<Histogram>),
    /// The first of its cells in every tenant's series.
    Tenant(usize),
}

/// What came of asking for a slot.
#[derive(Debug)]
pub(super) enum Found {
    /// The set's own.
    Own(Slot),
    /// The one for all sets of its name that found no room.
    Overflow(Slot),
    /// There is none: the name is another kind of metric's, or there are too many names.
    Nothing,
}

impl Registry {
    /// A registry of so many sets of labels. Cells for tenants are as many as two for each.
    pub(super) fn new(sets_max: usize, room: Room) -> Self {
        Self {
            families: HashMap::new(),
            help: HashMap::new(),
            names: HashSet::new(),
            sets: 0,
            sets_max,
            cells: OWN_CELLS,
            cells_max: OWN_CELLS + (2 * sets_max).max(4 * HISTOGRAM_CELLS),
            room,
            bytes: 0,
        }
    }

    pub(super) fn cells_max(&self) -> usize {
        self.cells_max
    }

    pub(super) fn sets_max(&self) -> usize {
        self.sets_max
    }

    pub(super) fn room(&self) -> Room {
        self.room
    }

    /// Keeps a name, and room for so many points, for a metric that is in no registry.
    pub(super) fn reserve(&mut self, name: &str, kind: Kind, points: usize) {
        self.names.extend(names(name, kind));
        self.bytes +=
            Room::head(name) + points * self.room.point_of_nobody(name, kind, &overflow());
    }

    pub(super) fn describe(&mut self, name: &str, help: &str) {
        let help: Arc<str> = name::help(help).into();
        if let Some(family) = self.families.get_mut(name) {
            family.help = help;
        } else if self.help.len() < self.sets_max {
            self.help.insert(name.into(), help);
        }
    }

    /// Which kind of metric has a name, if any has.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.families.get(name).map(|family| family.kind)
    }

    /// The slot of a set of labels, which gets one if it has none and there is room.
    pub(super) fn slot(&mut self, name: &str, kind: Kind, labels: Labels) -> Found {
        if !self.families.contains_key(name) && !self.begin(name, kind) {
            return Found::Nothing;
        }
        let Some(family) = self
            .families
            .get_mut(name)
            .filter(|family| family.kind == kind)
        else {
            return Found::Nothing;
        };
        if let Some(slot) = family.sets.get(&labels) {
            return Found::Own(slot.clone());
        }
        let bytes = self.room.point_of_nobody(&family.name, kind, &labels);
        // No name can take the room of all others.
        let has_room = self.sets < self.sets_max
            && family.sets.len() < self.sets_max.div_ceil(4)
            && self.bytes + bytes <= self.room.of_nobody();
        // An eighth is kept for those who find no room.
        let cells_max = self.cells_max - self.cells_max / 8;
        if has_room && let Some(slot) = new_slot(kind, &mut self.cells, cells_max) {
            self.sets += 1;
            self.bytes += bytes;
            family.sets.insert(labels, slot.clone());
            return Found::Own(slot);
        }
        if family.overflow.is_none() {
            family.overflow = new_slot(kind, &mut self.cells, self.cells_max);
        }
        match &family.overflow {
            Some(slot) => Found::Overflow(slot.clone()),
            None => Found::Nothing,
        }
    }

    /// All there is, by name.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> = self.families.values().cloned().collect();
        families.sort_by(|one, other| one.name.cmp(&other.name));
        families
    }

    /// Takes away what has `value` for a label's value, and is not counted by tenants' cells.
    pub(super) fn forget(&mut self, is_forgotten: impl Fn(&str, &str) -> bool) {
        for family in self.families.values_mut() {
            let (name, kind) = (&family.name, family.kind);
            family.sets.retain(|labels, _| {
                let is_kept = !labels.iter().any(|(key, value)| is_forgotten(key, value));
                if !is_kept {
                    self.sets -= 1;
                    self.bytes -= self.room.point_of_nobody(name, kind, labels);
                }
                is_kept
            });
        }
    }

    /// Begins a metric if there is room for it: for what stands above it, and for the sets that find none in it.
    fn begin(&mut self, name: &str, kind: Kind) -> bool {
        let mut exposed = name::name(name);
        if names(&exposed, kind).any(|name| self.names.contains(&name)) {
            exposed = name::told_apart(name);
        }
        let overflow = self.room.point_of_nobody(&exposed, kind, &overflow());
        let bytes = Room::head(&exposed) + overflow;
        let has_room = self.families.len() < self.sets_max;
        if !has_room || self.bytes + bytes > self.room.of_nobody() {
            return false;
        }
        self.bytes += bytes;
        self.names.extend(names(&exposed, kind));
        let family = Family {
            name: exposed.into(),
            help: self.help.remove(name).unwrap_or_default(),
            kind,
            sets: BTreeMap::new(),
            overflow: None,
        };
        self.families.insert(name.into(), family);
        true
    }
}

impl Family {
    /// How long what has no room of its own is written for a party, without the party's name. A metric
    /// without labels has nothing of the kind.
    pub(super) fn overflow_bytes(&self, room: Room) -> usize {
        let has_labels = self.sets.keys().any(|labels| !labels.is_empty());
        match has_labels || self.overflow.is_some() {
            true => room.point(&self.name, self.kind, &overflow()),
            false => 0,
        }
    }
}

impl Kind {
    pub(super) fn is_of_tenants(self) -> bool {
        matches!(
            self,
            Self::TenantCounter | Self::TenantGauge | Self::TenantHistogram
        )
    }

    pub(super) fn is_counter(self) -> bool {
        matches!(self, Self::Counter | Self::TenantCounter)
    }
}

/// The labels of the one point for all sets of a metric that have no room of their own.
pub(super) fn overflow() -> Labels {
    Arc::new([("overflow".into(), "true".into())])
}

/// Labels as every receiver takes them.
pub(super) fn labels<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Labels {
    let mut labels: Vec<(Box<str>, Box<str>)> = Vec::new();
    for (key, value) in given {
        let mut exposed = name::name(key);
        let is_taken = |name: &str| labels.iter().any(|(key, _)| **key == *name);
        if RESERVED_LABELS.contains(&&*exposed) || is_taken(&exposed) {
            exposed = name::told_apart(key);
        }
        // The same key twice: the first counts, as it does in queries.
        if !is_taken(&exposed) {
            labels.push((exposed.into(), name::value(value).into()));
        }
    }
    labels.sort();
    labels.into()
}

fn new_slot(kind: Kind, cells: &mut usize, cells_max: usize) -> Option<Slot> {
    let mut take = |number: usize| {
        let first = *cells;
        let fits = first + number <= cells_max;
        fits.then(|| {
            *cells += number;
            Slot::Tenant(first)
        })
    };
    match kind {
        Kind::Counter => Some(Slot::Counter(Arc::default())),
        Kind::Gauge => Some(Slot::Gauge(Arc::default())),
        Kind::Histogram(buckets) => Some(Slot::Histogram(Arc::new(Histogram::new(buckets)))),
        Kind::TenantCounter | Kind::TenantGauge => take(1),
        Kind::TenantHistogram => take(HISTOGRAM_CELLS),
    }
}

/// The names that a metric has in one format or another.
fn names(name: &str, kind: Kind) -> impl Iterator<Item = String> {
    let suffixes: &[&str] = match kind {
        Kind::Counter | Kind::TenantCounter => &["", "_total"],
        Kind::Gauge | Kind::TenantGauge => &[""],
        Kind::Histogram(_) | Kind::TenantHistogram => &["", "_bucket", "_count", "_sum"],
    };
    let stem = match kind {
        Kind::Counter | Kind::TenantCounter => name.strip_suffix("_total").unwrap_or(name),
        _ => name,
    };
    suffixes.iter().map(move |suffix| format!("{stem}{suffix}"))
}
