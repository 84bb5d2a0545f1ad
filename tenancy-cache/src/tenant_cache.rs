mod flush;
mod put;

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;
use tenancy_core::TenantId;
use tenancy_core::meter::Meter;

pub use self::flush::Match;
use crate::cache::Inner;
use crate::class::Class;
use crate::entry::{Dependencies, Entry, Making, Use, Value};
use crate::error::{Error, ErrorKind};
use crate::key::{Key, Tag};
use crate::load::{Load, Loaded, Part, one};
use crate::shelf::{NameRef, Shelf};
use crate::weight::{Weight, weigh};
use crate::why::Why;

/// How many tags an entry may have.
pub const TAGS_MAX: usize = 16;

/// What can be cached: plain data that serde can write and read.
pub trait Cached: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Cached for T {}

/// One tenant's entries.
///
/// Made by [`Cache::tenant`](crate::Cache::tenant) for each request or job, as its scope is.
#[derive(Clone)]
pub struct TenantCache {
    pub(crate) cache: Arc<Inner>,
    /// Of the scope that this was made for.
    pub(crate) meter: Meter,
    shelf: Arc<Shelf>,
}

pub(crate) type TagNames<'a> = SmallVec<[&'a [u8]; 4]>;

impl TenantCache {
    pub(crate) fn new(cache: Arc<Inner>, shelf: Arc<Shelf>, meter: Meter) -> Self {
        Self {
            cache,
            meter,
            shelf,
        }
    }

    /// Whose entries these are.
    pub fn tenant_id(&self) -> TenantId {
        self.shelf.tenant
    }

    /// The value of a key, loaded where there is none or it is no longer fresh.
    ///
    /// Of those who ask for a key at once, one loads and all get its value. Whoever is dropped while
    /// loading makes room for another who waits; so does one whose load fails, once. Where a stale
    /// value exists it is the answer if the load fails, or takes longer than the class's soft
    /// time-out; the load then goes on in the background, on the current tokio runtime. A flush or
    /// removal while a load is under way keeps its value from being stored: those who waited get it,
    /// and the next to ask loads again.
    ///
    /// `load` is called by whoever loads, once it is settled that nobody else does; a value that is
    /// due to be loaded anew is the answer, and `load` is called before. What was flushed until then
    /// has been noted, so it may read when it is called as well as when its future is polled.
    ///
    /// `tags` count only when this call loads.
    ///
    /// # Errors
    /// [`LoadFailed`](ErrorKind::LoadFailed) with the loader's error,
    /// [`LoadTimedOut`](ErrorKind::LoadTimedOut) after the class's hard time-out, and the kinds for
    /// names and tags that are too long or too many, before anything is loaded.
    pub async fn remember<T, E, F, Fut>(
        &self,
        class: &Class,
        key: impl Into<Key<'_>>,
        tags: &[Tag],
        load: F,
    ) -> Result<Arc<T>, Error>
    where
        T: Cached,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        let load = || {
            let load = load();
            async move { load.await.map(Some) }
        };
        let loaded = match self.plain(class, key) {
            Ok(value) => typed(value),
            Err(key) => self.find_or_load(class, key, tags, false, load).await,
        }?;
        Ok(loaded.expect("a loader without an empty answer gives a value"))
    }

    /// As [`remember`](Self::remember), for what may not exist: that there is none is remembered
    /// too, for as long as the class says.
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub async fn remember_optional<T, E, F, Fut>(
        &self,
        class: &Class,
        key: impl Into<Key<'_>>,
        tags: &[Tag],
        load: F,
    ) -> Result<Option<Arc<T>>, Error>
    where
        T: Cached,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Option<T>, E>> + Send + 'static,
    {
        match self.plain(class, key) {
            Ok(value) => typed(value),
            Err(key) => self.find_or_load(class, key, tags, true, load).await,
        }
    }

    /// The value of a key, if it is fresh.
    ///
    /// # Errors
    /// [`KeyTooLong`](ErrorKind::KeyTooLong), and [`WrongType`](ErrorKind::WrongType) where the
    /// value was stored as another type.
    pub async fn get<T: Cached>(
        &self,
        class: &Class,
        key: impl Into<Key<'_>>,
    ) -> Result<Option<Arc<T>>, Error> {
        match self.plain(class, key) {
            Ok(value) => typed(value),
            Err(key) => self.find(class, key).await,
        }
    }

    /// A value that may be used as it is, where that is plain to see. Whoever gets none looks closer,
    /// in a future of its own, so that a hit has none to fill.
    #[inline]
    fn plain<'a>(&self, class: &Class, key: impl Into<Key<'a>>) -> Result<Value, Key<'a>> {
        let key = key.into();
        let Ok(name) = name(class, &key) else {
            return Err(key);
        };
        // A shelf that is retired is empty.
        match self.cache.plain(&self.shelf, name) {
            None => Err(key),
            value => {
                self.meter.count_cache_hits(1);
                Ok(value)
            }
        }
    }

    async fn find<T: Cached>(&self, class: &Class, key: Key<'_>) -> Result<Option<Arc<T>>, Error> {
        let _waiting = self.meter.wait_for_cache();
        let mut other = None;
        let (shelf, name) = (self.shelf(&mut other), name(class, &key)?);
        let found = shelf.get(name);
        let used = |entry: &Arc<Entry>| self.cache.usable(shelf, entry);
        let mut used_now = found.as_ref().map(used);
        if !used_now.is_some_and(Use::is_fresh) && self.cache.make_sure(shelf).await {
            used_now = found.as_ref().map(used);
        }
        let entry = match found {
            Some(entry) if used_now.is_some_and(Use::is_fresh) => entry,
            _ => match self.find_shared::<T>(class, shelf, &[name]).await.pop() {
                Some(Some(entry)) => entry,
                _ => {
                    self.cache.classes.of(class).metrics.misses.increment(1);
                    self.meter.count_cache_misses(1);
                    return Ok(None);
                }
            },
        };
        entry.class.metrics.hits.increment(1);
        self.meter.count_cache_hits(1);
        typed(entry.value.clone())
    }

    /// Why a key's value is served, or why not, to whoever asks for it now.
    ///
    /// # Errors
    /// [`KeyTooLong`](ErrorKind::KeyTooLong).
    pub async fn why(&self, class: &Class, key: impl Into<Key<'_>>) -> Result<Why, Error> {
        let key = key.into();
        let mut other = None;
        let (shelf, name) = (self.shelf(&mut other), name(class, &key)?);
        let loading = shelf.flights.is_under_way(&name.to_name());
        let entry = shelf.peek(name);
        let used = || entry.as_ref().map(|entry| self.cache.usable(shelf, entry));
        let mut used_now = used();
        // Who asks for the value looks first at what others have changed, and so does who wonders.
        if used_now != Some(Use::Fresh) && self.cache.make_sure(shelf).await {
            used_now = used();
        }
        let facts = entry.map(|entry| entry.facts(self.cache.clock.now()));
        Ok(Why::of(used_now, facts, loading))
    }

    /// Whether flushes of other processes are known up to now. True where there is no remote tier.
    pub fn is_proven(&self) -> bool {
        let now = self.cache.clock.now();
        let mut other = None;
        let mut ledgers = self.shelf(&mut other).ledgers.iter().flatten();
        ledgers.all(|ledger| ledger.is_proven(now))
    }

    /// How many keys are being loaded now.
    pub fn loads_under_way(&self) -> usize {
        self.shelf(&mut None).flights.len()
    }

    async fn find_or_load<T, E, F, Fut>(
        &self,
        class: &Class,
        key: Key<'_>,
        tags: &[Tag],
        takes_absence: bool,
        load: F,
    ) -> Result<Option<Arc<T>>, Error>
    where
        T: Cached,
        E: Into<Box<dyn StdError + Send + Sync>> + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Option<T>, E>> + Send + 'static,
    {
        let waiting = self.meter.wait_for_cache();
        let mut other = None;
        let (shelf, name) = (self.shelf(&mut other), name(class, &key)?);
        let found = shelf
            .get(name)
            .filter(|entry| takes_absence || entry.value.is_some());
        let used = || found.as_ref().map(|entry| self.cache.usable(shelf, entry));
        let mut used_now = used();
        if used_now != Some(Use::Fresh) && self.cache.make_sure(shelf).await {
            used_now = used();
        }
        let used = used_now;
        if let (Some(entry), Some(Use::Fresh)) = (&found, used) {
            entry.class.metrics.hits.increment(1);
            self.meter.count_cache_hits(1);
            return typed(entry.value.clone());
        }
        let tags = tag_names(tags)?;
        let is_shared = self.cache.shared.is_some();
        let load = || {
            // What it waits for from here on is not the cache.
            drop(waiting);
            // Boxed, since all that waits for it would have its size.
            let load = Box::pin(load());
            async move { load.await.map(|value| loaded(value, is_shared)) }
        };
        let task = Load {
            cache: &self.cache,
            shelf,
            policy: *class,
            class: self.cache.classes.of(class),
            name,
            tags: &tags,
            found,
            takes_absence,
            read: read::<T>,
        };
        let stale = match (&task.found, used) {
            (Some(entry), Some(Use::Early)) => {
                entry.class.metrics.hits.increment(1);
                self.meter.count_cache_hits(1);
                task.refresh(|| one(load()));
                return typed(entry.value.clone());
            }
            (Some(entry), Some(Use::Resting)) => {
                entry.class.metrics.stale.increment(1);
                self.meter.count_cache_hits(1);
                return typed(entry.value.clone());
            }
            (found, Some(Use::Stale)) => found.as_ref(),
            _ => None,
        };
        task.class.metrics.misses.increment(1);
        self.meter.count_cache_misses(1);
        let mut load = Some(load);
        loop {
            let value = task.run(stale, &mut load).await?;
            // Who follows a load of what may not exist can come back with nothing, and loads then.
            if value.is_some() || takes_absence || load.is_none() {
                return typed(value);
            }
        }
    }

    /// The entries that the remote tier has, with the tags they were stored with.
    pub(crate) async fn find_shared<T: Cached>(
        &self,
        class: &Class,
        shelf: &Arc<Shelf>,
        names: &[NameRef<'_>],
    ) -> Vec<Option<Arc<Entry>>> {
        let Some(shared) = self.cache.shared.as_ref().filter(|_| !names.is_empty()) else {
            return names.iter().map(|_| None).collect();
        };
        let state = self.cache.classes.of(class);
        let see = |tags: &[&[u8]]| Dependencies::see(shelf, &state, tags);
        let cache = &*self.cache;
        // As one who loads, so that a removal meanwhile is noticed.
        let join = |name: &NameRef<'_>| {
            let see = || see(&[]);
            shelf.flights.join(name.to_name(), see, |_| true)
        };
        let parts: Vec<_> = names.iter().map(join).collect();
        let found = shared
            .find_stored(cache, shelf, names, see, read::<T>)
            .await;
        let found = names.iter().zip(parts).zip(found);
        let entries = found.map(|((name, part), found)| {
            let counter = match found {
                Some(_) => &state.metrics.remote_hits,
                None => &state.metrics.remote_misses,
            };
            counter.increment(1);
            let found = found?;
            let seen = found.seen.clone();
            let making = Making {
                policy: class,
                dependencies: found.seen,
                class: state.clone(),
                value_bytes: found.loaded.bytes.filter(|_| seen.allow_keeping())?,
                name_bytes: name.key.len(),
                now: cache.clock.now(),
                sure_at: found.sure_at,
                load_time: found.load_time,
                load: found.load,
                life: Some((found.fresh_for, found.stale_for)),
            };
            let value = found.loaded.value;
            let entry = Arc::new(Entry::new(value.clone(), making));
            if let Part::Lead(mut lead) = part {
                lead.renew(seen);
                let keep = || shelf.insert(&cache.pool, *name, entry.clone());
                lead.succeed(Ok(value), keep);
            }
            Some(entry)
        });
        entries.collect()
    }

    /// The shelf, or the one that has taken its place.
    pub(crate) fn shelf<'a>(&'a self, other: &'a mut Option<Arc<Shelf>>) -> &'a Arc<Shelf> {
        if self.shelf.is_retired() {
            other.insert(self.cache.pool.shelf(self.shelf.tenant))
        } else {
            &self.shelf
        }
    }
}

/// A value as it is kept, and as it goes to the remote tier where there is one.
pub(crate) fn loaded<T: Cached>(value: Option<T>, is_shared: bool) -> Loaded {
    let weight = value.as_ref().map_or(Some(Weight::default()), weigh);
    let encoded = value.as_ref().filter(|_| is_shared);
    Loaded {
        bytes: weight.map(|weight| weight.bytes),
        shape: weight.unwrap_or_default().shape,
        // What the codec cannot write is not shared.
        encoded: encoded.and_then(|value| postcard::to_stdvec(value).ok()),
        value: value.map(|value| Arc::new(value) as Arc<dyn Any + Send + Sync>),
    }
}

/// A value as the remote tier has it, if it is of this type.
pub(crate) fn read<T: Cached>(encoded: Option<&[u8]>) -> Option<Loaded> {
    let Some(encoded) = encoded else {
        return Some(loaded::<T>(None, false));
    };
    let (value, rest) = postcard::take_from_bytes::<T>(encoded).ok()?;
    rest.is_empty().then(|| loaded(Some(value), false))
}

pub(crate) fn typed<T: Cached>(value: Value) -> Result<Option<Arc<T>>, Error> {
    let typed = value.map(Arc::downcast).transpose();
    typed.map_err(|_| ErrorKind::WrongType.into())
}

#[inline]
pub(crate) fn name<'a>(class: &Class, key: &'a Key<'_>) -> Result<NameRef<'a>, Error> {
    Ok(NameRef {
        class: class.id,
        key: key.as_ref()?,
    })
}

pub(crate) fn tag_names(tags: &[Tag]) -> Result<TagNames<'_>, Error> {
    if tags.len() > TAGS_MAX {
        return Err(ErrorKind::TooManyTags.into());
    }
    tags.iter().map(Tag::bytes).collect()
}

impl fmt::Debug for TenantCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantCache")
            .field("shelf", &self.shelf)
            .finish_non_exhaustive()
    }
}
