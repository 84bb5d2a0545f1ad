use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder,
    SharedString, Unit,
};

use super::buckets::Buckets;
use super::registry::{self, Kind, Slot};
use super::{Inner, Metrics};
use crate::party::Party;

/// The label whose values are tenants.
pub(super) const TENANT: &str = "tenant";

thread_local! {
    /// Of which registry a handle is being made that tells the facade as well.
    static FORWARDS: Cell<Option<*const Facade>> = const { Cell::new(None) };
}

/// What was asked for through the facade. It is found here faster than in the registry.
#[derive(Debug)]
pub(super) struct Facade {
    slots: RwLock<HashMap<Key, Slot, RandomState>>, // std's: never held across an await
    keys_max: usize,
}

/// A counter of the facade with a label that names a tenant.
#[derive(Debug)]
struct Labelled {
    inner: Arc<Inner>,
    cell: usize,
    tenant: Box<str>,
}

impl Facade {
    pub(super) fn new(sets_max: usize) -> Self {
        Self {
            slots: RwLock::default(),
            // The same set can be asked for in several orders.
            keys_max: sets_max.saturating_mul(2),
        }
    }

    /// Makes a handle of the facade which, where this registry itself is installed, does nothing: it has
    /// counted already.
    pub(super) fn without<T>(&self, make: impl FnOnce() -> T) -> T {
        let before = FORWARDS.replace(Some(self));
        let made = make();
        FORWARDS.set(before);
        made
    }

    pub(super) fn forget(&self) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        slots.clear();
    }

    fn is_told_by_itself(&self) -> bool {
        FORWARDS
            .get()
            .is_some_and(|facade| std::ptr::eq(facade, self))
    }

    fn known(&self, key: &Key) -> Option<Slot> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.get(key).cloned()
    }

    fn keep(&self, key: &Key, slot: &Slot) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if slots.len() < self.keys_max {
            slots.insert(key.to_retained(), slot.clone());
        }
    }
}

impl Inner {
    /// The slot of a key, whose name has this kind unless it has another already.
    fn found(&self, key: &Key, kind: Kind) -> Option<Slot> {
        if self.facade.is_told_by_itself() {
            return None;
        }
        if let Some(slot) = self.facade.known(key) {
            return Some(slot);
        }
        let kind = match self.registry().kind(key.name()) {
            Some(known) if known.is_counter() && kind.is_counter() => known,
            _ => kind,
        };
        let labels = key.labels().map(|label| (label.key(), label.value()));
        let slot = self.slot(key.name(), kind, registry::labels(labels))?;
        self.facade.keep(key, &slot);
        Some(slot)
    }
}

impl Metrics {
    fn found(&self, key: &Key, kind: Kind) -> Option<Slot> {
        self.0.as_ref()?.found(key, kind)
    }

    pub(super) fn describe(&self, name: &str, help: &str) {
        if let Some(inner) = &self.0 {
            inner.registry().describe(name, help);
        }
    }
}

impl Recorder for Metrics {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name.as_str(), &help);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name.as_str(), &help);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name.as_str(), &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let (tenant, slot) = match apart(key) {
            Some((tenant, key)) => (tenant, self.found(&key, Kind::TenantCounter)),
            None => (Party::Platform.name(), self.found(key, Kind::Counter)),
        };
        match (slot, &self.0) {
            (Some(Slot::Counter(counter)), _) => Counter::from_arc(counter),
            (Some(Slot::Tenant(cell)), Some(inner)) => Counter::from_arc(Arc::new(Labelled {
                inner: inner.clone(),
                cell,
                tenant: tenant.into(),
            })),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        // What has no tenant is the platform's.
        let slot = match apart(key) {
            Some((tenant, key)) if tenant == Party::Platform.name() => {
                self.found(&key, Kind::Gauge)
            }
            _ => self.found(key, Kind::Gauge),
        };
        match slot {
            Some(Slot::Gauge(gauge)) => Gauge::from_arc(gauge),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let kind = Kind::Histogram(Buckets::of(key.name()));
        let slot = match apart(key) {
            Some((_, key)) => self.found(&key, kind),
            None => self.found(key, kind),
        };
        match slot {
            Some(Slot::Histogram(histogram)) => Histogram::from_arc(histogram),
            _ => Histogram::noop(),
        }
    }
}

impl CounterFn for Labelled {
    fn increment(&self, value: u64) {
        let tenants = &self.inner.tenants;
        tenants.count_labelled(&self.tenant, |cells| _ = cells.add(self.cell, value));
    }

    /// What somebody else has added up cannot be told apart by tenants.
    fn absolute(&self, _: u64) {}
}

/// The tenant that a key names, and the key without it.
fn apart(key: &Key) -> Option<(&str, Key)> {
    let tenant = key.labels().find(|label| label.key() == TENANT)?;
    let others: Vec<Label> = key
        .labels()
        .filter(|label| label.key() != TENANT)
        .cloned()
        .collect();
    Some((
        tenant.value(),
        Key::from_parts(key.name().to_owned(), others),
    ))
}

/// What a tenants' handle is called to whichever recorder is installed.
pub(super) fn forwarded(name: &str, labels: &[(&str, &str)]) -> Key {
    let labels: Vec<Label> = labels
        .iter()
        .map(|(key, value)| Label::new((*key).to_owned(), (*value).to_owned()))
        .collect();
    Key::from_parts(name.to_owned(), labels)
}

pub(super) const METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
