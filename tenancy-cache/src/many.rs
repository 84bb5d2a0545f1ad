//! Many keys at once.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::class::Class;
use crate::entry::{Entry, Use, Value};
use crate::error::{Error, ErrorKind};
use crate::key::{Key, Tag};
use crate::load::{Berth, Fate, Follow, Landing, Load, Loaded, PAUSES, Part, fly_until};
use crate::shelf::NameRef;
use crate::tenant_cache::{Cached, TenantCache, loaded, name, read, tag_names, typed};

/// A key that [`TenantCache::remember_many`] is asked for, and the tags of its value.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The key.
    pub key: Key<'a>,
    /// The tags it gets where it has to be loaded.
    pub tags: Vec<Tag>,
}

impl TenantCache {
    /// The fresh values of keys, in the keys' order. Those that are not in this process are looked
    /// for together in the remote tier.
    ///
    /// # Errors
    /// As [`get`](Self::get), for any of the keys.
    pub async fn get_many<T: Cached>(
        &self,
        class: &Class,
        keys: impl IntoIterator<Item = Key<'_>>,
    ) -> Result<Vec<Option<Arc<T>>>, Error> {
        let keys: Vec<_> = keys.into_iter().collect();
        let mut other = None;
        let shelf = self.shelf(&mut other);
        self.cache.make_sure(shelf).await;
        let names = keys.iter().map(|key| name(class, key));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let metrics = &self.cache.classes.of(class).metrics;
        let hit = |entry: Arc<Entry>| {
            metrics.hits.increment(1);
            entry.value.clone()
        };
        let here = |name: &NameRef<'_>| match self.cache.plain(shelf, *name) {
            None => {
                let found = shelf.get(*name);
                let found = found.filter(|entry| self.cache.usable(shelf, entry).is_fresh());
                found.map(hit)
            }
            value => Some(value),
        };
        let mut values: Vec<_> = names.iter().map(here).collect();
        let missing = names.iter().zip(&values);
        let missing = missing.filter_map(|(name, value)| value.is_none().then_some(*name));
        let missing: Vec<_> = missing.collect();
        let found = self.find_shared::<T>(class, shelf, &missing).await;
        let places = values.iter_mut().filter(|value| value.is_none());
        for (place, found) in places.zip(found) {
            *place = found.map(hit);
        }
        let missing = values.iter().filter(|value| value.is_none()).count();
        self.count(values.len(), missing);
        let value = |value: Option<Value>| {
            let value = value.unwrap_or_else(|| {
                metrics.misses.increment(1);
                None
            });
            typed(value)
        };
        values.into_iter().map(value).collect()
    }

    /// The values of keys, in their order. Those that are missing are loaded together: `load` gets
    /// their places in `wanted` and gives as many values, in that order.
    ///
    /// Each key is loaded by one caller at a time, as in [`remember`](Self::remember): what another
    /// loads is waited for. Where the other is dropped or fails, this call loads once more, so the
    /// loader may be called again; it is also called for each value that is due to be loaded anew.
    /// Each time what was flushed before has been noted when it is called, and it may read at once.
    ///
    /// The class's time-outs are those of the whole call. It waits beyond the soft one only for keys
    /// that have nothing stale to fall back on, and for what is loaded together with them.
    ///
    /// # Errors
    /// As [`remember`](Self::remember); one key without a value fails the whole call, and what was
    /// loaded for the others is kept.
    pub async fn remember_many<T, E, F, Fut>(
        &self,
        class: &Class,
        wanted: &[Wanted<'_>],
        load: F,
    ) -> Result<Vec<Arc<T>>, Error>
    where
        T: Cached,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: Fn(Vec<usize>) -> Fut,
        Fut: Future<Output = Result<Vec<T>, E>> + Send + 'static,
    {
        let mut party = Party::new(class);
        let mut other = None;
        let shelf = self.shelf(&mut other);
        self.cache.make_sure(shelf).await;
        let mut tags = Vec::with_capacity(wanted.len());
        for Wanted { tags: of_key, .. } in wanted {
            tags.push(tag_names(of_key)?);
        }
        let is_shared = self.cache.shared.is_some();
        let load = |places: Vec<usize>| {
            let load = Box::pin(load(places));
            async move {
                let values = load.await?;
                Ok::<_, E>(
                    values
                        .into_iter()
                        .map(|value| loaded(Some(value), is_shared))
                        .collect(),
                )
            }
        };
        let state = self.cache.classes.of(class);
        for (place, (Wanted { key, .. }, tags)) in wanted.iter().zip(&tags).enumerate() {
            let name = name(class, key)?;
            let found = shelf.get(name).filter(|entry| entry.value.is_some());
            let task = Load {
                cache: &self.cache,
                shelf,
                policy: *class,
                class: state.clone(),
                name,
                tags,
                found,
                takes_absence: false,
                read: read::<T>,
            };
            let used = task
                .found
                .as_ref()
                .map(|entry| self.cache.usable(shelf, entry));
            if used == Some(Use::Early) {
                task.refresh(|| load(vec![place]));
            }
            party.add(task, used);
        }
        self.count(wanted.len(), party.leads.len() + party.follows.len());
        while !party.leads.is_empty() || !party.follows.is_empty() {
            // Who holds leads and waits for others may be waited for by them.
            if party.leads.is_empty() {
                party.follow().await?;
            } else {
                party.load(load).await?;
            }
        }
        let values = party.seats.iter().map(|seat| typed(seat.value.clone()));
        let values = values.collect::<Result<Option<Vec<_>>, _>>()?;
        Ok(values.expect("each key was found, loaded or followed"))
    }

    /// Notes for the scope how many of the keys were not there.
    fn count(&self, all: usize, missing: usize) {
        self.meter.count_cache_hits((all - missing) as u64);
        self.meter.count_cache_misses(missing as u64);
    }
}

/// Those who travel together: a key's place is its place here.
struct Party<'a> {
    policy: Class,
    began: Instant,
    seats: Vec<Seat<'a>>,
    leads: Vec<(usize, Berth)>,
    follows: Vec<(usize, Follow)>,
    /// Before other processes' loads are looked for again.
    pause: Duration,
}

struct Seat<'a> {
    task: Load<'a>,
    stale: Option<Arc<Entry>>,
    value: Value,
}

impl<'a> Party<'a> {
    fn new(class: &Class) -> Self {
        Self {
            policy: *class,
            began: Instant::now(),
            seats: Vec::new(),
            leads: Vec::new(),
            follows: Vec::new(),
            pause: PAUSES[0],
        }
    }

    /// Until when these are waited for: less long where each has something stale to fall back on.
    fn until(&self, mut places: impl Iterator<Item = usize>) -> Instant {
        let has_stale = places.all(|place| self.seats[place].stale.is_some());
        self.began + self.policy.patience(has_stale)
    }

    fn add(&mut self, task: Load<'a>, used: Option<Use>) {
        let place = self.seats.len();
        let metrics = &task.class.metrics;
        let (mut value, mut stale) = (None, None);
        match (&task.found, used) {
            (Some(entry), Some(Use::Fresh | Use::Early)) => {
                metrics.hits.increment(1);
                value.clone_from(&entry.value);
            }
            (Some(entry), Some(Use::Resting)) => {
                metrics.stale.increment(1);
                value.clone_from(&entry.value);
            }
            (found, used) => {
                metrics.misses.increment(1);
                stale = found.clone().filter(|_| used == Some(Use::Stale));
                self.join(place, &task);
            }
        }
        self.seats.push(Seat { task, stale, value });
    }

    fn join(&mut self, place: usize, task: &Load<'a>) {
        match task.join() {
            Part::Lead(lead) => self.leads.push((place, task.berth(lead))),
            Part::Follow(follower) => self.follows.push((place, follower)),
        }
    }

    /// Loads what this call leads, together.
    async fn load<F, Fut, E>(&mut self, load: F) -> Result<(), Error>
    where
        F: FnOnce(Vec<usize>) -> Fut,
        Fut: Future<Output = Result<Vec<Loaded>, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
    {
        let until = self.until(self.leads.iter().map(|(place, _)| *place));
        let (mut places, mut berths) = (Vec::new(), Vec::new());
        for (place, berth) in self.leads.drain(..) {
            let seat = &mut self.seats[place];
            if let Some(entry) = seat.task.stored_meanwhile() {
                berth.lead.succeed(Ok(entry.value.clone()), || ());
                seat.value.clone_from(&entry.value);
            } else {
                places.push(place);
                berths.push(berth);
            }
        }
        self.share(until, &mut places, &mut berths).await?;
        if places.is_empty() {
            return Ok(());
        }
        let until = self.until(places.iter().copied());
        let outcome = fly_until(until, berths, load(places.clone())).await;
        for (order, place) in places.into_iter().enumerate() {
            let outcome = outcome.as_ref().map(|values| values[order].clone());
            self.seats[place].settle(outcome.map_err(Clone::clone))?;
        }
        Ok(())
    }

    /// Leaves what is this process's to load. What others have loaded is taken, and what they are
    /// loading is left for later.
    async fn share(
        &mut self,
        until: Instant,
        places: &mut Vec<usize>,
        berths: &mut Vec<Berth>,
    ) -> Result<(), Error> {
        let Some(Berth { cache, .. }) = berths.first() else {
            return Ok(());
        };
        let Some(shared) = cache.shared.clone() else {
            return Ok(());
        };
        let fates = shared.fates(berths, until).await;
        let mut left = std::mem::take(berths).into_iter();
        let mut theirs = Vec::new();
        let mut ours = Vec::new();
        for (place, fate) in places.drain(..).zip(fates) {
            match fate {
                Fate::Found(value) => self.seats[place].value = value,
                Fate::Ours => {
                    ours.push(place);
                    berths.extend(left.next());
                }
                Fate::Theirs => theirs.extend(left.next().map(|berth| (place, berth))),
            }
        }
        *places = ours;
        if theirs.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        if until <= now {
            for (place, berth) in theirs {
                drop(berth);
                self.seats[place].settle(Err(ErrorKind::LoadTimedOut.into()))?;
            }
            return Ok(());
        }
        self.leads.extend(theirs);
        if places.is_empty() {
            let jittered = self.pause.mul_f64(0.5 + fastrand::f64());
            sleep_until(until.min(now + jittered)).await;
            self.pause = (2 * self.pause).min(PAUSES[1]);
        }
        Ok(())
    }

    /// Waits for something of what others load. Where they gave up, this call leads.
    async fn follow(&mut self) -> Result<(), Error> {
        let until = self.until(self.follows.iter().map(|(place, _)| *place));
        let (seats, follows) = (&self.seats, &mut self.follows);
        let landed = poll_fn(|context| {
            let mut landed = Vec::new();
            follows.retain_mut(|(place, follower)| {
                let see = || seats[*place].task.see();
                match follower.poll(context, &see) {
                    Poll::Ready(landing) => landed.push((*place, landing)),
                    Poll::Pending => return true,
                }
                false
            });
            match landed.is_empty() {
                true => Poll::Pending,
                false => Poll::Ready(landed),
            }
        });
        let Ok(landed) = timeout_at(until, landed).await else {
            for (place, follower) in std::mem::take(&mut self.follows) {
                drop(follower);
                self.seats[place].settle(Err(ErrorKind::LoadTimedOut.into()))?;
            }
            return Ok(());
        };
        for (place, landing) in landed {
            let seat = &mut self.seats[place];
            match landing {
                Landing::Lead(lead) => self.leads.push((place, seat.task.berth(lead))),
                // The other asked for what may not exist.
                Landing::Outcome(Ok(None)) => match seat.task.join() {
                    Part::Lead(lead) => self.leads.push((place, seat.task.berth(lead))),
                    Part::Follow(follower) => self.follows.push((place, follower)),
                },
                Landing::Outcome(outcome) => seat.settle(outcome)?,
            }
        }
        Ok(())
    }
}

impl Seat<'_> {
    fn settle(&mut self, outcome: Result<Value, Error>) -> Result<(), Error> {
        self.value = self.task.settle(outcome, self.stale.as_ref())?;
        Ok(())
    }
}
