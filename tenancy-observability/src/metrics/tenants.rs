use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use tenancy_core::time::Time;
use tenancy_core::{Tenant, TenantId};
use tokio::time::Instant;

use super::cells::Cells;
use super::room::{Room, Told};
use super::sketch::{Candidate, Sketch};
use crate::party::Party;

/// What the tenants are called that are not named.
pub(crate) const OTHER: &str = "__other__";

/// For whom the counts stand of tenants that were named and are not any more.
///
/// Apart from the others', which would seem to grow by all of it at the moment that a name is lost.
pub(crate) const FORMER: &str = "__former__";

/// After how many events of tenants without a name the clock is looked at; a power of two.
const LOOK_EVERY: u64 = 1024;

/// The cell of a series that counts its events, by which tenants are compared.
const EVENTS: usize = 0;

/// How many cells of a series are its own.
pub(super) const OWN_CELLS: usize = 1;

/// Which tenants are named, and what was counted for whom.
///
/// Who is named changes once in a window. What a tenant's series has counted by the time it loses its
/// name goes on counting among those of former names, and is added to a sum of them once nobody can count
/// in it any more; so no count is lost, and none is there twice.
#[derive(Debug)]
pub(crate) struct Tenants {
    table: ArcSwap<Table>,
    platform: Arc<Series>,
    unknown: Arc<Series>,
    other: Arc<Series>,
    /// What of former names is told.
    former: Arc<Told>,
    sketch: Sketch,
    named_max: usize,
    cells: usize,
    window: Duration,
    window_began: Mutex<Instant>, // std's: never held across an await; held by whoever makes a table
}

/// Who is named, at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    named: HashMap<TenantId, Named, RandomState>,
    /// The same tenants by name.
    ids: HashMap<Arc<str>, TenantId, RandomState>,
    /// Series without a name in which somebody may still count.
    retired: Vec<Arc<Series>>,
    /// The sums of those in which nobody does any more.
    folded: Option<Arc<Cells>>,
}

#[derive(Clone, Debug)]
struct Named {
    name: Arc<str>,
    series: Arc<Series>,
}

/// What is counted for one party.
#[derive(Debug)]
pub(crate) struct Series {
    pub(super) cells: Cells,
    pub(super) began: Time,
    told: Told,
    /// How many events there were when the window began; written by whoever makes a table.
    events_before: AtomicU64,
    /// How many there were in the window before it; likewise.
    last_window: AtomicU64,
}

/// What was counted for each party, under the names of one time.
#[derive(Debug)]
pub(super) struct Reading {
    table: Arc<Table>,
    named: Vec<Named>,
    others: [Arc<Series>; 3],
    former: Arc<Told>,
}

/// What was counted for one party.
pub(super) struct PartyReading<'a> {
    pub(super) name: Arc<str>,
    /// Since when.
    pub(super) began: Time,
    pub(super) counted: Counted<'a>,
    pub(super) told: &'a Told,
    /// How long the text of its points may become.
    pub(super) room: usize,
}

/// How much a tenant did in the present window.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Standing {
    /// The tenant.
    pub tenant: TenantId,
    /// How many events were counted for it, or about as many.
    pub events: u64,
    /// By how much that is too high at the most, for a tenant that is not named; nothing for one that
    /// is. It holds for nineteen tenants in twenty.
    pub error: u64,
}

impl Tenants {
    pub(super) fn new(named_max: usize, cells: usize, window: Duration) -> Self {
        let series = || Arc::new(Series::new(cells, 0));
        Self {
            table: ArcSwap::default(),
            platform: series(),
            unknown: series(),
            other: series(),
            former: Arc::default(),
            sketch: Sketch::new(),
            named_max,
            cells,
            window,
            window_began: Mutex::new(Instant::now()),
        }
    }

    /// Adds to what a party's series has in a cell, and to the events it is compared by.
    pub(super) fn count(&self, party: Party<'_>, add: impl FnOnce(&Cells)) {
        let tenant = match party {
            Party::Platform => return add(&self.platform.cells),
            Party::Unknown => return add(&self.unknown.cells),
            Party::Tenant(tenant) => tenant,
        };
        let mut table = self.table.load();
        if table.find(tenant).is_none() && self.may_name(&table, tenant) {
            self.name(tenant);
            table = self.table.load();
        }
        if let Some(series) = table.find(tenant) {
            series.cells.add(EVENTS, 1);
            return add(&series.cells);
        }
        drop(table);
        add(&self.other.cells);
        if self.sketch.count(tenant) & (LOOK_EVERY - 1) == LOOK_EVERY - 1 {
            self.turn();
        }
    }

    /// The series of a party, to be counted in for longer.
    pub(super) fn series(&self, party: Party<'_>) -> Arc<Series> {
        match party {
            Party::Platform => self.platform.clone(),
            Party::Unknown => self.unknown.clone(),
            Party::Tenant(tenant) => {
                if self.may_name(&self.table.load(), tenant) {
                    self.name(tenant);
                }
                let table = self.table.load();
                table.find(tenant).unwrap_or(&self.other).clone()
            }
        }
    }

    /// Adds to the series that stands under `label`: a name that is given, a tenant's id or its slug.
    pub(super) fn count_labelled(&self, label: &str, add: impl FnOnce(&Cells)) {
        match label {
            label if label == Party::Platform.name() => return add(&self.platform.cells),
            label if label == Party::Unknown.name() => return add(&self.unknown.cells),
            _ => {}
        }
        let table = self.table.load();
        let id = table.ids.get(label).copied().or_else(|| label.parse().ok());
        match id.and_then(|id| table.named.get(&id)) {
            Some(named) => add(&named.series.cells),
            None => add(&self.other.cells),
        }
    }

    /// Begins a new window if the present one is over, with names for those who did most in it.
    pub(super) fn turn(&self) {
        let mut began = self.writing();
        if began.elapsed() >= self.window {
            *began = Instant::now();
            self.table.store(Arc::new(self.turned(&self.table.load())));
            self.sketch.clear();
        }
        self.fold();
    }

    /// Takes a tenant's name away. What was counted for it stays in the sums.
    pub(super) fn forget(&self, tenant: TenantId) {
        let _writing = self.writing();
        self.sketch.forget(tenant);
        let mut table = self.table.load().as_ref().clone();
        if table.retire(tenant) {
            self.table.store(Arc::new(table));
        }
    }

    /// The tenants who did most in this window, the first of them exactly.
    pub(super) fn top(&self, number: usize) -> Vec<Standing> {
        let table = self.table.load();
        let named = table.named.iter().map(|(&tenant, named)| Standing {
            tenant,
            events: named.series.events_in_window(),
            error: 0,
        });
        let error = self.sketch.error();
        let others = self.sketch.heaviest().into_iter();
        let others = others.filter(|other| !table.named.contains_key(&other.id));
        let others = others.map(|other| Standing {
            tenant: other.id,
            events: other.events,
            error: error.min(other.events),
        });
        let mut top: Vec<Standing> = named.chain(others).collect();
        top.sort_by_key(|standing| (std::cmp::Reverse(standing.events), standing.tenant));
        top.truncate(number);
        top
    }

    /// The name of a tenant that has one.
    pub(super) fn named(&self, tenant: TenantId) -> Option<Arc<str>> {
        let table = self.table.load();
        table.named.get(&tenant).map(|named| named.name.clone())
    }

    /// How much any tenant did in this window, named or not.
    pub(super) fn standing(&self, tenant: TenantId) -> Standing {
        if let Some(named) = self.table.load().named.get(&tenant) {
            return Standing {
                tenant,
                events: named.series.events_in_window(),
                error: 0,
            };
        }
        let events = self.sketch.estimate(tenant);
        Standing {
            tenant,
            events,
            error: self.sketch.error().min(events),
        }
    }

    /// All that was counted until now, as far as names go at one time.
    pub(super) fn read(&self) -> Reading {
        let table = self.table.load_full();
        let mut named: Vec<Named> = table.named.values().cloned().collect();
        named.sort_by(|one, other| one.name.cmp(&other.name));
        Reading {
            named,
            others: [
                self.platform.clone(),
                self.unknown.clone(),
                self.other.clone(),
            ],
            former: self.former.clone(),
            table,
        }
    }

    fn may_name(&self, table: &Table, tenant: &Tenant) -> bool {
        table.named.len() < self.named_max || table.named.contains_key(&tenant.id)
    }

    /// Gives a tenant a name while there are any left, or a new one in the place of its old one.
    fn name(&self, tenant: &Tenant) {
        let _writing = self.writing();
        let mut table = self.table.load().as_ref().clone();
        if table.find(tenant).is_some() || !self.may_name(&table, tenant) {
            return;
        }
        table.retire(tenant.id);
        table.insert(
            tenant.id,
            tenant.slug.as_str().into(),
            Series::new(self.cells, 0),
        );
        self.table.store(Arc::new(table));
    }

    /// The table of the next window.
    fn turned(&self, table: &Table) -> Table {
        let mut turned = table.clone();
        // A quiet window does not cost a tenant its name, two do.
        let weight = |series: &Series| {
            let (now, last) = (
                series.events_in_window(),
                series.last_window.load(Ordering::Relaxed),
            );
            now.max(last)
        };
        let mut named: Vec<(u64, TenantId)> = turned
            .named
            .iter()
            .map(|(&id, named)| (weight(&named.series), id))
            .collect();
        named.sort_unstable_by(|one, other| other.cmp(one));
        let events = turned
            .named
            .values()
            .map(|named| named.series.events_in_window());
        let heaviest = events.max().unwrap_or(0);
        for named in turned.named.values() {
            named.series.end_window();
        }
        // So many at once that a flood of tenants, each heavy for a while, does not make as many names.
        let changes_max = (self.named_max / 10).max(1);
        let challengers = self.sketch.heaviest().into_iter();
        let challengers =
            challengers.filter(|challenger| !table.named.contains_key(&challenger.id));
        for (place, challenger) in challengers.take(changes_max).enumerate() {
            let Candidate { id, name, events } = challenger;
            if named.len() >= self.named_max {
                let is_heaviest = place == 0 && events > heaviest;
                match named.last() {
                    // Names that change with every small difference are of no use to a plot.
                    Some(&(weight, _)) if is_heaviest || events / 2 > weight => {}
                    _ => break,
                }
                if let Some((_, lightest)) = named.pop() {
                    turned.retire(lightest);
                }
            }
            named.insert(0, (u64::MAX, id));
            turned.insert(id, name, Series::new(self.cells, events));
        }
        turned
    }

    /// Adds up the series in which nobody counts any more. The caller is the only one who makes tables.
    fn fold(&self) {
        let table = self.table.load();
        // The present table's is the only hold: tables from before it, in which the series had a name,
        // are gone, and so are those who counted in it through them or held it themselves.
        let is_over = |series: &&Arc<Series>| Arc::strong_count(series) == 1;
        let (over, retired): (Vec<_>, Vec<_>) = table.retired.iter().partition(is_over);
        if over.is_empty() {
            return;
        }
        // With the release in the drop of each of those holds: what they counted is seen from here on.
        fence(Ordering::Acquire);
        let folded = Cells::new(self.cells);
        if let Some(before) = &table.folded {
            folded.add_all(before);
        }
        for series in over {
            folded.add_all(&series.cells);
        }
        self.table.store(Arc::new(Table {
            named: table.named.clone(),
            ids: table.ids.clone(),
            retired: retired.into_iter().cloned().collect(),
            folded: Some(Arc::new(folded)),
        }));
    }

    /// A table is made whole before it is put in the place of another, so there is nothing to repair.
    fn writing(&self) -> MutexGuard<'_, Instant> {
        self.window_began
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The tenant's series, if it is named as it is called now.
    fn find(&self, tenant: &Tenant) -> Option<&Arc<Series>> {
        let named = self.named.get(&tenant.id);
        let named = named.filter(|named| *named.name == *tenant.slug.as_str());
        named.map(|named| &named.series)
    }

    fn insert(&mut self, id: TenantId, name: Arc<str>, series: Series) {
        // A slug can have gone from one tenant to another, and two series must not have one name.
        if let Some(&before) = self.ids.get(&name) {
            self.retire(before);
        }
        self.ids.insert(name.clone(), id);
        let series = Arc::new(series);
        self.named.insert(id, Named { name, series });
    }

    fn retire(&mut self, id: TenantId) -> bool {
        let Some(named) = self.named.remove(&id) else {
            return false;
        };
        self.ids.remove(&named.name);
        self.retired.push(named.series);
        true
    }
}

impl Reading {
    /// How many series nobody is named by any more, and somebody may still count in.
    pub(super) fn retired(&self) -> usize {
        self.table.retired.len()
    }

    /// How many tenants are named.
    pub(super) fn named(&self) -> usize {
        self.named.len()
    }

    /// Each party, with what was counted for it.
    pub(super) fn parties(&self, room: Room) -> impl Iterator<Item = PartyReading<'_>> {
        let named = self.named.iter().map(move |named| PartyReading {
            name: named.name.clone(),
            began: named.series.began,
            counted: Counted::In(&named.series.cells),
            told: &named.series.told,
            room: room.of_named_tenant(),
        });
        let [platform, unknown, other] = &self.others;
        let others = [
            (Party::Platform.name(), platform),
            (Party::Unknown.name(), unknown),
            (OTHER, other),
        ];
        let others = others.map(|(name, series)| PartyReading {
            name: name.into(),
            began: series.began,
            counted: Counted::In(&series.cells),
            told: &series.told,
            room: room.of_others(),
        });
        let former = PartyReading {
            name: FORMER.into(),
            began: other.began,
            counted: Counted::Formerly(&self.table),
            told: &self.former,
            room: room.of_others(),
        };
        named.chain(others).chain([former])
    }

    /// What is in a cell of the series without a name.
    pub(super) fn former(&self, cell: usize) -> u64 {
        Counted::Formerly(&self.table).get(cell)
    }
}

/// The cells of a party.
pub(super) enum Counted<'a> {
    Formerly(&'a Table),
    In(&'a Cells),
}

impl Counted<'_> {
    pub(super) fn get(&self, cell: usize) -> u64 {
        match self {
            Self::Formerly(table) => {
                let retired = table.retired.iter().map(|series| &series.cells);
                let all = retired.chain(table.folded.as_deref());
                all.fold(0, |sum, cells| sum.wrapping_add(cells.get(cell)))
            }
            Self::In(cells) => cells.get(cell),
        }
    }
}

impl Series {
    fn new(cells: usize, last_window: u64) -> Self {
        Self {
            cells: Cells::new(cells),
            began: Time::now(),
            told: Told::default(),
            events_before: AtomicU64::new(0),
            last_window: AtomicU64::new(last_window),
        }
    }

    fn events_in_window(&self) -> u64 {
        let before = self.events_before.load(Ordering::Relaxed);
        self.cells.get(EVENTS).saturating_sub(before)
    }

    fn end_window(&self) {
        let events = self.events_in_window();
        self.last_window.store(events, Ordering::Relaxed);
        self.events_before.fetch_add(events, Ordering::Relaxed);
    }
}
