//! Versions of what can be flushed, and what an entry remembers of them.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod doubt;

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use foldhash::{HashMap, HashMapExt as _};
use smallvec::SmallVec;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::doubt::Doubt;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::journal::Followed;
use crate::key::write_parts;

/// The version of something that can be flushed: a flush changes it, and with that ends every entry
/// that was loaded before.
#[derive(Debug)]
pub(crate) struct Version {
    subject: Subject,
    hard: AtomicU64,
    soft: AtomicU64,
    /// How many changes are being made of which nobody knows yet whether others see them: what is
    /// loaded meanwhile may be old already, and is not kept.
    doubts: AtomicU64,
    /// One more than the number of the remote flush that the versions are of; zero where they are
    /// this process's own.
    known_at: AtomicU64,
    /// The number of the last remote flush of it that this process has heard of: what the remote tier
    /// said before that is not learnt.
    heard: AtomicU64,
    /// How often the remote tier began to be told of a flush from here, and how often that ended.
    begun: AtomicU64,
    ended: AtomicU64,
}

/// What can be flushed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Subject {
    /// A class of one tenant.
    Class(&'static str),
    /// All that depends on one log of the remote tier.
    Epoch(u16),
    /// A class of every tenant.
    Everywhere(&'static str),
    /// All entries there are.
    Platform,
    /// A tag of one tenant.
    Tag(Box<[u8]>),
    /// All entries of one tenant.
    Tenant,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(name) => write!(f, "class {name}"),
            Self::Epoch(_) => f.write_str("the remote tier has lost what it knew"),
            Self::Everywhere(name) => write!(f, "class {name} of all tenants"),
            Self::Platform => f.write_str("all tenants"),
            Self::Tag(name) => {
                f.write_str("tag ")?;
                write_parts(name, f)
            }
            Self::Tenant => f.write_str("tenant"),
        }
    }
}

/// How thorough a flush is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flush {
    /// Nothing that was loaded before is used again.
    Hard,
    /// What was loaded before counts as stale: it may still stand in for a load that fails or is
    /// slow, as long as its class allows.
    Soft,
}

impl Version {
    pub(crate) fn new(subject: Subject) -> Self {
        Self {
            subject,
            hard: AtomicU64::new(next()),
            soft: AtomicU64::new(next()),
            doubts: AtomicU64::new(0),
            known_at: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        }
    }

    pub(crate) fn flush(&self, how: Flush) {
        self.told(how, next());
    }

    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Takes the version that a flush has brought.
    pub(crate) fn told(&self, how: Flush, version: u64) {
        match how {
            Flush::Hard => self.hard.store(version, Ordering::Release),
            Flush::Soft => self.soft.store(version, Ordering::Release),
        }
    }

    /// Whether the versions are those of the remote tier.
    pub(crate) fn is_known(&self) -> bool {
        self.known_at.load(Ordering::Acquire) != 0
    }

    /// Lets the versions be read from the remote tier again.
    pub(crate) fn forget(&self) {
        self.known_at.store(0, Ordering::Release);
    }

    /// From now on the remote tier is being told of a flush, and what it says is not believed.
    pub(crate) fn begin_telling(&self) {
        self.begun.fetch_add(1, Ordering::AcqRel);
        self.forget();
    }

    pub(crate) fn end_telling(&self) {
        self.ended.fetch_add(1, Ordering::AcqRel);
    }

    /// Allows to ask the remote tier for the versions, unless it is being told of a flush. The answer
    /// counts while this stays the same.
    pub(crate) fn ask(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::Acquire);
        (self.begun.load(Ordering::Acquire) == ended).then_some(ended)
    }

    /// As [`forget`](Self::forget), where flushes may have been missed: what was loaded before is of no
    /// use, unless the remote tier's versions turn out to be the same.
    pub(crate) fn lose(&self) {
        self.flush(Flush::Hard);
        self.heard.store(0, Ordering::Release);
        self.forget();
    }

    /// Notes that the remote tier has this flush.
    pub(crate) fn hear(&self, number: u64) {
        self.heard.fetch_max(number, Ordering::AcqRel);
    }

    /// The number of the last remote flush that is known.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }

    /// Takes both versions as the remote tier had them after so many flushes, of which one was its last,
    /// unless something newer is known. Called by one at a time for each log.
    pub(crate) fn learn(&self, hard: u64, soft: u64, flush: u64, number: u64) {
        // A store that has lost count may say that its last flush is still to come.
        self.hear(flush.min(number));
        if number < self.heard() {
            self.forget();
        } else if self.known_at.load(Ordering::Acquire) <= number {
            self.hard.store(hard, Ordering::Release);
            self.soft.store(soft, Ordering::Release);
            self.known_at.store(number + 1, Ordering::Release);
        }
    }

    /// Takes a flush of the remote tier by its number. Called by one at a time for each log.
    pub(crate) fn obey(&self, how: Flush, version: u64, number: u64) {
        self.hear(number);
        match self.known_at.load(Ordering::Acquire) {
            0 => self.flush(how),
            known_at if known_at <= number => {
                self.told(how, version);
                self.known_at.store(number + 1, Ordering::Release);
            }
            _ => {}
        }
    }
}

/// Never twice the same, so that a version that was forgotten and made anew matches no old entry.
fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A version as it was when a load began.
#[derive(Clone, Debug)]
struct Stamp {
    version: Arc<Version>,
    hard: u64,
    soft: u64,
}

impl Stamp {
    fn take(version: Arc<Version>) -> Self {
        Self {
            hard: version.hard.load(Ordering::Acquire),
            soft: version.soft.load(Ordering::Acquire),
            version,
        }
    }
}

/// What a load saw of all that its entry depends on. While any entry or load holds it, the versions
/// stay known; after that a flush has nothing to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamps(SmallVec<[Stamp; 7]>);

/// How an entry stands to the flushes since it was loaded.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Standing {
    Current,
    Soft,
    Hard,
}

impl Stamps {
    pub(crate) fn take(versions: impl IntoIterator<Item = Arc<Version>>) -> Self {
        Self(versions.into_iter().map(Stamp::take).collect())
    }

    pub(crate) fn standing(&self) -> Standing {
        let mut standing = Standing::Current;
        for stamp in &self.0 {
            if stamp.version.hard.load(Ordering::Acquire) != stamp.hard {
                return Standing::Hard;
            }
            if stamp.version.soft.load(Ordering::Acquire) != stamp.soft {
                // Of a log it is this process's own, for what was missed: removals among it.
                if matches!(stamp.version.subject, Subject::Epoch(_)) {
                    return Standing::Hard;
                }
                standing = Standing::Soft;
            }
        }
        standing
    }

    /// Whether anything of it is being changed now.
    pub(crate) fn are_in_doubt(&self) -> bool {
        let is_in_doubt = |stamp: &Stamp| stamp.version.doubts.load(Ordering::Acquire) > 0;
        self.0.iter().any(is_in_doubt)
    }

    /// What was flushed since.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &Subject> {
        let is_changed = |stamp: &&Stamp| {
            stamp.version.hard.load(Ordering::Acquire) != stamp.hard
                || stamp.version.soft.load(Ordering::Acquire) != stamp.soft
        };
        self.0
            .iter()
            .filter(is_changed)
            .map(|stamp| &stamp.version.subject)
    }

    pub(crate) fn depends_on_all(&self, versions: &[Arc<Version>]) -> bool {
        let depends = |version| {
            self.0
                .iter()
                .any(|stamp| Arc::ptr_eq(&stamp.version, version))
        };
        versions.iter().all(depends)
    }

    /// The same, with some versions as they are now.
    pub(crate) fn renewed(&self, is_due: impl Fn(&Arc<Version>) -> bool) -> Self {
        let renewed = self.0.iter().map(|stamp| match is_due(&stamp.version) {
            true => Stamp::take(stamp.version.clone()),
            false => stamp.clone(),
        });
        Self(renewed.collect())
    }

    /// The versions, with those that were seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<Version>, u64, u64)> {
        self.0
            .iter()
            .map(|stamp| (&stamp.version, stamp.hard, stamp.soft))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The versions that one tenant's entries and loads depend on now. Those that nothing depends on any
/// more are forgotten; the tables are swept when they have doubled, so they hold at most twice what is
/// alive.
#[derive(Debug)]
pub(crate) struct Versions {
    /// How many flushes there have been.
    pub(crate) flushes: AtomicU64,
    /// What is known of changes that other processes make.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) followed: Followed,
    pub(crate) tenant: Arc<Version>,
    classes: Mutex<Table<&'static str>>,
    tags: Mutex<Table<Box<[u8]>>>,
}

/// What is alive, by name.
#[derive(Debug)]
pub(crate) struct Table<K, V = Version> {
    by_name: HashMap<K, Weak<V>>,
    sweep_at: usize,
}

const SWEEP_AT_MIN: usize = 64;

impl Versions {
    pub(crate) fn new() -> Self {
        Self {
            flushes: AtomicU64::new(0),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            followed: Followed::default(),
            tenant: Arc::new(Version::new(Subject::Tenant)),
            classes: Mutex::new(Table::new()),
            tags: Mutex::new(Table::new()),
        }
    }

    pub(crate) fn of_class(&self, class: &'static str) -> Arc<Version> {
        lock(&self.classes).of(class, class, || Version::new(Subject::Class(class)))
    }

    pub(crate) fn of_tag(&self, tag: &[u8]) -> Arc<Version> {
        let mut tags = lock(&self.tags);
        let known = tags.known(tag);
        known.unwrap_or_else(|| tags.of(tag, tag.into(), || Version::new(Subject::Tag(tag.into()))))
    }

    /// Lets all be read from the remote tier again.
    pub(crate) fn forget(&self) {
        self.tenant.forget();
        let classes = lock(&self.classes);
        classes.alive().for_each(|version| version.forget());
        drop(classes);
        lock(&self.tags)
            .alive()
            .for_each(|version| version.forget());
    }

    /// Lets all be compared with the remote tier again.
    pub(crate) fn lose(&self) {
        self.tenant.lose();
        lock(&self.classes)
            .alive()
            .for_each(|version| version.lose());
        lock(&self.tags).alive().for_each(|version| version.lose());
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn flush(&self, version: &Version, how: Flush) {
        version.flush(how);
        self.flushed();
    }

    /// Lets every entry be compared again. Called after what was flushed has changed.
    pub(crate) fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::AcqRel);
    }

    /// The version of a class that something depends on.
    pub(crate) fn known_class(&self, class: &str) -> Option<Arc<Version>> {
        lock(&self.classes).known(class)
    }

    /// The version of a tag that something depends on.
    pub(crate) fn known_tag(&self, tag: &[u8]) -> Option<Arc<Version>> {
        lock(&self.tags).known(tag)
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            by_name: HashMap::new(),
            sweep_at: SWEEP_AT_MIN,
        }
    }

    pub(crate) fn alive_by_name(&self) -> impl Iterator<Item = (&K, Arc<V>)> {
        let known = self.by_name.iter();
        known.filter_map(|(name, known)| Some((name, known.upgrade()?)))
    }

    pub(crate) fn alive(&self) -> impl Iterator<Item = Arc<V>> {
        self.by_name.values().filter_map(Weak::upgrade)
    }

    pub(crate) fn known<Q>(&self, name: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.by_name.get(name).and_then(Weak::upgrade)
    }

    pub(crate) fn of<Q>(&mut self, name: &Q, owned: K, make: impl FnOnce() -> V) -> Arc<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(known) = self.known(name) {
            return known;
        }
        if self.by_name.len() >= self.sweep_at {
            self.by_name.retain(|_, known| known.strong_count() > 0);
            self.sweep_at = (2 * self.by_name.len()).max(SWEEP_AT_MIN);
        }
        let made = Arc::new(make());
        self.by_name.insert(owned, Arc::downgrade(&made));
        made
    }
}

fn lock<K>(table: &Mutex<Table<K>>) -> MutexGuard<'_, Table<K>> {
    // Each critical section ends with one change of the map, so a poisoned table is whole.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
