//! Loads: one at a time for each name, bounded in time, with a stale value to fall back on.

mod fate;
mod flight;
mod sync;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::{Instrument as _, Span};

pub(crate) use self::fate::{Fate, PAUSES};
use self::flight::{Flights, Follower, Leader};
pub(crate) use self::flight::{Landing, Part};
use crate::cache::Inner;
use crate::class::{Class, ClassState};
use crate::clock::Moment;
use crate::entry::{Dependencies, Entry, Making, Value};
use crate::error::{Error, ErrorKind};
use crate::remote::{Found, Kept, Lease, Read, hold};
use crate::shelf::{Name, NameRef, Shelf};
use crate::version::Standing;

pub(crate) type Loads = Flights<Name, Dependencies, Result<Value, Error>>;
pub(crate) type Follow = Follower<Name, Dependencies, Result<Value, Error>>;
pub(crate) type Lead = Leader<Name, Dependencies, Result<Value, Error>>;

/// A value as its loader gives it, or that there is none, with its weight.
pub(crate) struct Loaded {
    pub(crate) value: Value,
    pub(crate) bytes: Option<usize>,
    /// Of its parts' names and types.
    pub(crate) shape: Shape,
    /// As it goes to the remote tier, if there is one.
    pub(crate) encoded: Option<Vec<u8>>,
}

pub(crate) type Shape = u64;

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
    /// Reads a value of the remote tier.
    pub(crate) read: Read,
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
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        let until = Instant::now() + self.policy.patience(stale.is_some());
        let lead = match self.join() {
            Part::Lead(lead) => lead,
            Part::Follow(follower) => match timeout_at(until, follower.land(|| self.see())).await {
                Ok(Landing::Lead(lead)) => lead,
                Ok(Landing::Outcome(outcome)) => return self.settle(outcome, stale),
                Err(_) => return self.settle(Err(ErrorKind::LoadTimedOut.into()), stale),
            },
        };
        if let Some(entry) = self.stored_meanwhile() {
            lead.succeed(Ok(entry.value.clone()), || ());
            return Ok(entry.value.clone());
        }
        let mut berths = vec![self.berth(lead)];
        match self.fate(until, &mut berths).await {
            Fate::Found(value) => return Ok(value),
            Fate::Theirs => return self.settle(Err(ErrorKind::LoadTimedOut.into()), stale),
            Fate::Ours => {}
        }
        let load = load.take().expect("a caller leads once");
        let values = fly_until(until, berths, one(load())).await;
        self.settle(values.map(first), stale)
    }

    /// Waits until a load that is about to begin is this process's or done; `Theirs` if it is
    /// neither until then.
    async fn fate(&self, until: Instant, berths: &mut Vec<Berth>) -> Fate {
        let Some(shared) = &self.cache.shared else {
            return Fate::Ours;
        };
        let [mut pause, pause_max] = PAUSES;
        let mut is_first = true;
        loop {
            match shared.fates(berths, until).await.pop() {
                Some(Fate::Theirs) => {}
                fate => return fate.unwrap_or(Fate::Ours),
            }
            if is_first {
                self.class.metrics.remote_waits.increment(1);
            }
            is_first = false;
            let jittered = pause.mul_f64(0.5 + fastrand::f64());
            if timeout_at(until, sleep(jittered)).await.is_err() {
                return Fate::Theirs;
            }
            pause = (2 * pause).min(pause_max);
        }
    }

    /// Loads in the background, unless someone does already, here or in another process.
    pub(crate) fn refresh<F, Fut, E>(&self, load: F)
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Vec<Loaded>, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        if let Part::Lead(lead) = self.join()
            && self.stored_meanwhile().is_none()
        {
            let refreshed = self.found.as_ref().map(|found| found.load);
            let seen = lead.ticket().clone();
            let until = Instant::now() + self.policy.hard_time_out;
            let mut berths = vec![Berth {
                refreshed,
                ..self.berth(lead)
            }];
            let (shared, load) = (self.cache.shared.clone(), load());
            let flight = async move {
                let fate = match shared {
                    Some(shared) => shared.fates(&mut berths, until).await.pop(),
                    None => Some(Fate::Ours),
                };
                // The berth may have seen the state anew since the loader was called, which may have
                // read at once: then it may have read what was flushed in between.
                if let Some(Fate::Ours) = fate
                    && seen.standing() == Standing::Current
                {
                    // Who waits has the error too.
                    let _ = fly(berths, load).await;
                }
            };
            tokio::spawn(flight.instrument(Span::current()));
        }
    }

    pub(crate) fn join(&self) -> Part<Name, Dependencies, Result<Value, Error>> {
        let is_good = |seen: &Dependencies| seen.standing() == Standing::Current;
        self.shelf
            .flights
            .join(self.name.to_name(), || self.see(), is_good)
    }

    /// What another stored between this caller's look and its lead.
    pub(crate) fn stored_meanwhile(&self) -> Option<Arc<Entry>> {
        let entry = self.shelf.peek(self.name)?;
        let is_new = self
            .found
            .as_ref()
            .is_none_or(|found| !Arc::ptr_eq(found, &entry));
        let is_answer = self.takes_absence || entry.value.is_some();
        let is_fresh = self.cache.usable(self.shelf, &entry).is_fresh();
        (is_new && is_answer && is_fresh).then_some(entry)
    }

    pub(crate) fn see(&self) -> Dependencies {
        Dependencies::see(self.shelf, &self.class, self.tags)
    }

    pub(crate) fn berth(&self, lead: Lead) -> Berth {
        Berth {
            cache: self.cache.clone(),
            shelf: self.shelf.clone(),
            policy: self.policy,
            class: self.class.clone(),
            name: self.name.to_name(),
            takes_absence: self.takes_absence,
            read: self.read,
            refreshed: None,
            is_theirs: false,
            lease: None,
            lead,
        }
    }

    pub(crate) fn settle(
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

/// A value's place in a load: who waits for it, and where it goes.
pub(crate) struct Berth {
    pub(crate) cache: Arc<Inner>,
    pub(crate) shelf: Arc<Shelf>,
    policy: Class,
    class: Arc<ClassState>,
    pub(crate) name: Name,
    takes_absence: bool,
    read: Read,
    /// The load whose value is still fresh, and not enough.
    refreshed: Option<u64>,
    /// Whether another process was loading it when that was last asked.
    is_theirs: bool,
    /// Leave of the other processes.
    pub(crate) lease: Option<Lease>,
    pub(crate) lead: Lead,
}

/// Where a value comes from.
#[derive(Clone, Copy)]
enum Origin {
    Load,
    Remote {
        load: u64,
        /// How long it is still fresh and then stale.
        life: (Duration, Duration),
        sure_at: Moment,
    },
}

/// Loads values, and waits only for so long; then the load goes on for those who come later.
pub(crate) async fn fly_until<Fut, E>(
    until: Instant,
    berths: Vec<Berth>,
    load: Fut,
) -> Result<Vec<Value>, Error>
where
    Fut: Future<Output = Result<Vec<Loaded>, E>> + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    let mut flight = Box::pin(fly(berths, load));
    if let Ok(outcome) = timeout_at(until, &mut flight).await {
        return outcome;
    }
    tokio::spawn(flight.instrument(Span::current()));
    Err(ErrorKind::LoadTimedOut.into())
}

/// Loads values, one for each berth; needs nobody to wait for it.
async fn fly<Fut, E>(berths: Vec<Berth>, load: Fut) -> Result<Vec<Value>, Error>
where
    Fut: Future<Output = Result<Vec<Loaded>, E>> + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    let Some(Berth { policy, class, .. }) = berths.first() else {
        return Ok(Vec::new());
    };
    let (began, class) = (Instant::now(), class.clone());
    class.metrics.loads.increment(berths.len() as u64);
    let leases: Vec<_> = berths
        .iter()
        .filter_map(|berth| berth.lease.as_ref())
        .collect();
    let outcome = match timeout(policy.hard_time_out, hold(&leases, load)).await {
        Ok(Ok(loaded)) if loaded.len() == berths.len() => Ok(loaded),
        Ok(Ok(loaded)) => {
            let (values, keys) = (loaded.len(), berths.len());
            let wrong = format!("the loader gave {values} values for {keys} keys");
            Err(Error::load_failed(wrong))
        }
        Ok(Err(error)) => Err(Error::load_failed(error)),
        Err(_) => Err(ErrorKind::LoadTimedOut.into()),
    };
    let error = match outcome {
        Err(error) => error,
        Ok(loaded) => {
            class.metrics.load_seconds.record(began.elapsed());
            let (mut values, mut parcels) = (Vec::new(), Vec::new());
            for (berth, loaded) in berths.into_iter().zip(loaded) {
                let (value, parcel) = berth.keep(loaded, began.elapsed(), Origin::Load);
                values.push(value);
                parcels.extend(parcel.map(Parcel::send));
            }
            // Those who waited have their values by now.
            join_all(parcels).await;
            return Ok(values);
        }
    };
    class.metrics.load_failures.increment(berths.len() as u64);
    for Berth { lead, .. } in berths {
        match error.kind() {
            // Who waited for this one has waited long enough.
            ErrorKind::LoadTimedOut => lead.give_up(Err(error.clone())),
            _ => lead.fail(Err(error.clone())),
        }
    }
    Err(error)
}

/// A load of one value, as one of many.
pub(crate) async fn one<E>(
    load: impl Future<Output = Result<Loaded, E>>,
) -> Result<Vec<Loaded>, E> {
    load.await.map(|loaded| vec![loaded])
}

fn first(mut values: Vec<Value>) -> Value {
    values.swap_remove(0)
}

/// A value on its way to the remote tier.
struct Parcel {
    cache: Arc<Inner>,
    shelf: Arc<Shelf>,
    name: Name,
    seen: Arc<Dependencies>,
    kept: Kept,
    lease: Lease,
}

impl Parcel {
    async fn send(self) {
        if let Some(shared) = &self.cache.shared {
            let (tenant, name) = (self.shelf.tenant, self.name.as_ref());
            shared
                .keep(tenant, name, &self.seen, self.kept, self.lease)
                .await;
        }
    }
}

impl Berth {
    /// Whether what the remote tier has is an answer, and a new one.
    fn is_served_by(&self, found: &Found) -> bool {
        let is_answer = self.takes_absence || found.loaded.value.is_some();
        is_answer && self.refreshed != Some(found.load)
    }

    /// Takes what the remote tier had.
    fn keep_found(mut self, found: Found) -> Value {
        self.lead.renew(found.seen);
        let origin = Origin::Remote {
            load: found.load,
            life: (found.fresh_for, found.stale_for),
            sure_at: found.sure_at,
        };
        self.keep(found.loaded, found.load_time, origin).0
    }

    /// Sees the state anew, after more of it has become known.
    fn see_again(&mut self) {
        let seen = Dependencies::again(self.lead.ticket());
        self.lead.renew(seen);
    }

    pub(crate) fn seen(&self) -> &Dependencies {
        self.lead.ticket()
    }

    fn keep(self, loaded: Loaded, load_time: Duration, origin: Origin) -> (Value, Option<Parcel>) {
        let Self {
            cache,
            shelf,
            policy,
            class,
            name,
            lease,
            lead,
            ..
        } = self;
        let Loaded {
            value,
            bytes,
            shape,
            encoded,
        } = loaded;
        let bytes = bytes.filter(|bytes| *bytes as u64 <= cache.value_bytes_max);
        let seen = lead.ticket().clone();
        let load = match origin {
            Origin::Load => fastrand::u64(..),
            Origin::Remote { load, .. } => load,
        };
        let mut kept = None;
        lead.succeed(Ok(value.clone()), || {
            let Some(bytes) = bytes else {
                class.metrics.refused.increment(1);
                return;
            };
            // Kept after a flush it would be dead, and in the way of what was loaded since.
            if !seen.allow_keeping() {
                return;
            }
            let (name, now) = (name.as_ref(), cache.clock.now());
            let (life, sure_at) = match origin {
                Origin::Load => (None, now.before(load_time)),
                Origin::Remote { life, sure_at, .. } => (Some(life), sure_at),
            };
            let making = Making {
                policy: &policy,
                class: class.clone(),
                dependencies: Dependencies::clone(&seen),
                value_bytes: bytes,
                name_bytes: name.key.len(),
                now,
                sure_at,
                load_time,
                load,
                life,
            };
            let entry = Entry::new(value.clone(), making);
            kept = Some(entry.life());
            shelf.insert(&cache.pool, name, Arc::new(entry));
        });
        let is_written = value.is_none() || encoded.is_some();
        let kept = kept.filter(|_| is_written).zip(lease);
        let parcel = kept.map(|((fresh_for, stale_for), lease)| Parcel {
            cache,
            shelf,
            name,
            seen,
            lease,
            kept: Kept {
                value: encoded,
                load,
                shape,
                fresh_for,
                stale_for,
                load_time,
            },
        });
        (value, parcel)
    }
}
