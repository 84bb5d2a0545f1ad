//! Loads: one at a time for each name, bounded in time, with a stale value to fall back on.

mod flight;
mod sync;

use std::error::Error as StdError;
use std::sync::Arc;

use tokio::time::{Instant, timeout};
use tracing::{Instrument as _, Span};

use self::flight::{Flights, Landing, Leader, Part};
use crate::cache::Inner;
use crate::class::{Class, ClassState};
use crate::entry::{Dependencies, Entry, Making, Value};
use crate::error::{Error, ErrorKind};
use crate::shelf::{Name, NameRef, Shelf};
use crate::version::Standing;

pub(crate) type Loads = Flights<Name, Dependencies, Result<Value, Error>>;
type Lead = Leader<Name, Dependencies, Result<Value, Error>>;

/// A value as its loader gives it, or that there is none, with its weight.
pub(crate) struct Loaded {
    pub(crate) value: Value,
    pub(crate) bytes: Option<usize>,
}

/// What has to be loaded, and how.
#[derive(Clone)]
pub(crate) struct Load<'a> {
    pub(crate) cache: &'a Arc<Inner>,
    pub(crate) shelf: &'a Arc<Shelf>,
    pub(crate) policy: Class,
    pub(crate) class: Arc<ClassState>,
    pub(crate) name: NameRef<'a>,
    pub(crate) tags: &'a [&'a [u8]],
    /// What the caller found before, too old to be enough.
    pub(crate) found: Option<Arc<Entry>>,
    /// Whether "there is none" is an answer.
    pub(crate) takes_absence: bool,
}

impl Load<'_> {
    /// Loads, or waits for who loads already; then the loader is left as it was. A stale value is the
    /// answer where that fails or is slow.
    pub(crate) async fn run<F, Fut, E>(
        &self,
        stale: Option<&Arc<Entry>>,
        load: &mut Option<F>,
    ) -> Result<Value, Error>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Loaded, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let patience = match stale {
            Some(_) => self.policy.soft_time_out.min(self.policy.hard_time_out),
            None => self.policy.hard_time_out,
        };
        let lead = match self.join() {
            Part::Lead(lead) => lead,
            Part::Follow(follower) => match timeout(patience, follower.land(|| self.see())).await {
                Ok(Landing::Lead(lead)) => lead,
                Ok(Landing::Outcome(outcome)) => return self.settle(outcome, stale),
                Err(_) => return self.settle(Err(ErrorKind::LoadTimedOut.into()), stale),
            },
        };
        if let Some(entry) = self.stored_meanwhile() {
            lead.succeed(Ok(entry.value.clone()), || ());
            return Ok(entry.value.clone());
        }
        let load = load.take().expect("a caller leads once");
        let mut flight = Box::pin(self.fly(lead, load()));
        match timeout(patience, &mut flight).await {
            Ok(outcome) => self.settle(outcome, stale),
            Err(_) => {
                // The load goes on for those who come later; this caller has waited enough.
                tokio::spawn(flight.instrument(Span::current()));
                self.settle(Err(ErrorKind::LoadTimedOut.into()), stale)
            }
        }
    }

    /// Loads in the background, unless someone does already.
    pub(crate) fn refresh<F, Fut, E>(&self, load: F)
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Loaded, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        if let Part::Lead(lead) = self.join()
            && self.stored_meanwhile().is_none()
        {
            tokio::spawn(self.fly(lead, load()).instrument(Span::current()));
        }
    }

    fn join(&self) -> Part<Name, Dependencies, Result<Value, Error>> {
        let is_good = |seen: &Dependencies| seen.standing() == Standing::Current;
        self.shelf
            .flights
            .join(self.name.to_name(), || self.see(), is_good)
    }

    /// What another stored between this caller's look and its lead.
    fn stored_meanwhile(&self) -> Option<Arc<Entry>> {
        let entry = self.shelf.peek(self.name)?;
        let is_new = self
            .found
            .as_ref()
            .is_none_or(|found| !Arc::ptr_eq(found, &entry));
        let is_answer = self.takes_absence || entry.value.is_some();
        let is_fresh = self.cache.usable(self.shelf, &entry).is_fresh();
        (is_new && is_answer && is_fresh).then_some(entry)
    }

    fn see(&self) -> Dependencies {
        Dependencies::see(self.shelf, &self.class, self.tags)
    }

    /// The load itself, which needs nobody to wait for it.
    fn fly<Fut, E>(
        &self,
        lead: Lead,
        load: Fut,
    ) -> impl Future<Output = Result<Value, Error>> + Send + 'static + use<Fut, E>
    where
        Fut: Future<Output = Result<Loaded, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let store = Store {
            cache: self.cache.clone(),
            shelf: self.shelf.clone(),
            policy: self.policy,
            class: self.class.clone(),
            name: self.name.to_name(),
        };
        async move {
            let began = Instant::now();
            store.class.metrics.loads.increment(1);
            let outcome = timeout(store.policy.hard_time_out, load).await;
            let error = match outcome {
                Ok(Ok(loaded)) => return Ok(store.keep(lead, loaded, began)),
                Ok(Err(error)) => Error::load_failed(error),
                Err(_) => ErrorKind::LoadTimedOut.into(),
            };
            store.class.metrics.load_failures.increment(1);
            match error.kind() {
                // Who waited for this one has waited long enough.
                ErrorKind::LoadTimedOut => lead.give_up(Err(error.clone())),
                _ => lead.fail(Err(error.clone())),
            }
            Err(error)
        }
    }

    fn settle(
        &self,
        outcome: Result<Value, Error>,
        stale: Option<&Arc<Entry>>,
    ) -> Result<Value, Error> {
        match (outcome, stale) {
            (Err(error), Some(stale)) => {
                // A flush that came meanwhile forbids it.
                if self.cache.usable(self.shelf, stale).is_dead() {
                    return Err(error);
                }
                if error.kind() == ErrorKind::LoadFailed {
                    stale.rest(self.cache.clock.now());
                }
                self.class.metrics.stale.increment(1);
                Ok(stale.value.clone())
            }
            (outcome, _) => outcome,
        }
    }
}

/// Where a loaded value goes.
struct Store {
    cache: Arc<Inner>,
    shelf: Arc<Shelf>,
    policy: Class,
    class: Arc<ClassState>,
    name: Name,
}

impl Store {
    fn keep(&self, lead: Lead, loaded: Loaded, began: Instant) -> Value {
        let load_time = began.elapsed();
        self.class.metrics.load_seconds.record(load_time);
        let Loaded { value, bytes } = loaded;
        let bytes = bytes.filter(|bytes| *bytes as u64 <= self.cache.value_bytes_max);
        let seen = lead.ticket().clone();
        lead.succeed(Ok(value.clone()), || {
            let Some(bytes) = bytes else {
                self.class.metrics.refused.increment(1);
                return;
            };
            // Kept after a flush it would be dead, and in the way of what was loaded since.
            if seen.standing() == Standing::Hard {
                return;
            }
            let name = self.name.as_ref();
            let making = Making {
                policy: &self.policy,
                class: self.class.clone(),
                dependencies: Dependencies::clone(&seen),
                value_bytes: bytes,
                name_bytes: name.bytes(),
                now: self.cache.clock.now(),
                load_time,
            };
            let entry = Entry::new(value.clone(), making);
            self.shelf.insert(&self.cache.pool, name, Arc::new(entry));
        });
        value
    }
}
