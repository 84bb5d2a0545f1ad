//! Classes of entries, and how long and how each is kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use foldhash::HashMap;

use crate::metrics::ClassMetrics;
use crate::version::{Flush, Subject, Version};

/// A kind of entry: its name, and how its entries are kept.
///
/// Entries of two classes never meet, and a class can be flushed as a whole. The name alone tells
/// classes apart; the rest may differ from call to call:
///
/// ```
/// use std::time::Duration;
/// use tenancy_cache::class::{Class, PRODUCT_LISTS};
///
/// const PRICES: Class = Class::new("prices").time_to_live(Duration::from_secs(60));
/// let until_noon = PRODUCT_LISTS.time_to_live(Duration::from_secs(900));
/// # assert_eq!((PRICES.name(), until_noon.name()), ("prices", "product_lists"));
/// ```
///
/// Any time that is set is a hundred years at most; longer ones count as that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class {
    name: &'static str,
    pub(crate) id: u64,
    pub(crate) time_to_live: Duration,
    pub(crate) absence: Duration,
    pub(crate) stale_for: Duration,
    pub(crate) soft_time_out: Duration,
    pub(crate) hard_time_out: Duration,
    pub(crate) early_refresh: f64,
    pub(crate) jitter: f64,
}

/// What is known of a tenant as a whole: an hour.
pub const TENANT_DATA: Class = Class::new("tenant_data");
/// Lists of products: half an hour.
pub const PRODUCT_LISTS: Class = Class::new("product_lists").time_to_live(minutes(30));
/// Translations: a day.
pub const TRANSLATIONS: Class = Class::new("translations").time_to_live(minutes(24 * 60));
/// Analytics: five minutes.
pub const ANALYTICS: Class = Class::new("analytics").time_to_live(minutes(5));
/// Settings: two hours.
pub const SETTINGS: Class = Class::new("settings").time_to_live(minutes(120));

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// So long that nobody notices, and so short that any clock can add it to now.
const TIME_MAX: Duration = minutes(100 * 365 * 24 * 60);

const fn capped(time: Duration) -> Duration {
    match time.as_nanos() > TIME_MAX.as_nanos() {
        true => TIME_MAX,
        false => time,
    }
}

/// From zero to a bound. What is no number is zero.
const fn clamped(number: f64, max: f64) -> f64 {
    match number > 0.0 {
        true => number.min(max),
        false => 0.0,
    }
}

impl Class {
    /// A class with the defaults: entries live for an hour and an answer "there is none" for a
    /// minute; a stale value is used for another hour while a load fails, or takes longer than half
    /// a second; a load may take 30 seconds.
    ///
    /// # Panics
    /// When the name is empty. In a constant that is an error of compilation.
    pub const fn new(name: &'static str) -> Self {
        assert!(!name.is_empty(), "a class needs a name");
        Self {
            name,
            id: id(name),
            time_to_live: minutes(60),
            absence: minutes(1),
            stale_for: minutes(60),
            soft_time_out: Duration::from_millis(500),
            hard_time_out: Duration::from_secs(30),
            early_refresh: 1.0,
            jitter: 0.1,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How long an entry lives at most, stale time included.
    pub const fn life_max(&self) -> Duration {
        let fresh_for = if self.absence.as_nanos() > self.time_to_live.as_nanos() {
            self.absence
        } else {
            self.time_to_live
        };
        fresh_for.saturating_add(self.stale_for)
    }

    /// How long a caller waits, with something stale to fall back on or without.
    pub(crate) fn patience(&self, has_stale: bool) -> Duration {
        match has_stale {
            true => self.soft_time_out.min(self.hard_time_out),
            false => self.hard_time_out,
        }
    }

    /// Sets how long an entry is fresh.
    #[must_use]
    pub const fn time_to_live(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = capped(time_to_live);
        self
    }

    /// Sets how long "there is none" is remembered.
    #[must_use]
    pub const fn absence(mut self, absence: Duration) -> Self {
        self.absence = capped(absence);
        self
    }

    /// Sets how long an entry that is no longer fresh may stand in for a load that fails or is slow.
    /// Zero: never. A hard flush, and lost contact with other nodes, end it at once.
    #[must_use]
    pub const fn stale_for(mut self, stale_for: Duration) -> Self {
        self.stale_for = capped(stale_for);
        self
    }

    /// Sets how long a caller waits for a load before it is given a stale value, where there is one.
    /// The load goes on in the background.
    #[must_use]
    pub const fn soft_time_out(mut self, soft_time_out: Duration) -> Self {
        self.soft_time_out = capped(soft_time_out);
        self
    }

    /// Sets how long a load may take before it is given up.
    #[must_use]
    pub const fn hard_time_out(mut self, hard_time_out: Duration) -> Self {
        self.hard_time_out = capped(hard_time_out);
        self
    }

    /// Sets how eagerly an entry is loaded anew before it ends: the β of *Optimal Probabilistic
    /// Cache Stampede Prevention* (Vattani, Chierichetti, Lowenstein, VLDB 2015). Zero, and what is
    /// less or no number: never.
    #[must_use]
    pub const fn early_refresh(mut self, beta: f64) -> Self {
        self.early_refresh = clamped(beta, f64::MAX);
        self
    }

    /// Sets by which part of it, at most, each entry's time to live is shortened at random, so that
    /// entries stored together do not end together. From 0 to 1; what is no number is 0.
    #[must_use]
    pub const fn jitter(mut self, part: f64) -> Self {
        self.jitter = clamped(part, 1.0);
        self
    }
}

/// FNV-1a, with which two names meet once in 2⁶⁴; [`Classes::of`] would notice.
const fn id(name: &str) -> u64 {
    let (mut hash, mut place) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while place < name.len() {
        hash = (hash ^ name.as_bytes()[place] as u64).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}

/// What the cache knows of a class, for all tenants.
#[derive(Debug)]
pub(crate) struct ClassState {
    pub(crate) name: &'static str,
    pub(crate) id: u64,
    pub(crate) metrics: ClassMetrics,
    /// Flushed with everything there is.
    pub(crate) platform: Arc<Version>,
    /// Flushed with the class of every tenant.
    pub(crate) everywhere: Arc<Version>,
}

/// The classes in use, by name. Names are constants of the program, so there are few.
#[derive(Debug)]
pub(crate) struct Classes {
    /// How many flushes there have been that were not of one tenant.
    pub(crate) flushes: AtomicU64,
    pub(crate) platform: Arc<Version>,
    by_id: RwLock<HashMap<u64, Arc<ClassState>>>,
}

impl Classes {
    pub(crate) fn new() -> Self {
        Self {
            flushes: AtomicU64::new(0),
            platform: Arc::new(Version::new(Subject::Platform)),
            by_id: RwLock::default(),
        }
    }

    pub(crate) fn flush(&self, version: &Version, how: Flush) {
        version.flush(how);
        self.flushed();
    }

    /// Lets every entry be compared again. Called after what was flushed has changed.
    pub(crate) fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::AcqRel);
    }

    /// Lets all be read from the remote tier again.
    pub(crate) fn forget(&self) {
        self.platform.forget();
        let known = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        known.values().for_each(|state| state.everywhere.forget());
    }

    /// Lets all be compared with the remote tier again.
    pub(crate) fn lose(&self) {
        self.platform.lose();
        let known = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        known.values().for_each(|state| state.everywhere.lose());
    }

    /// The version of a class of every tenant, where it is in use.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<Version>> {
        let known = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id(name)).map(|state| state.everywhere.clone())
    }

    /// What is known of a class.
    ///
    /// # Panics
    /// When two classes of the program have names of one id.
    pub(crate) fn of(&self, class: &Class) -> Arc<ClassState> {
        let known = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = known.get(&class.id) {
            assert_eq!(
                state.name, class.name,
                "the names of two classes have one id"
            );
            return state.clone();
        }
        drop(known);
        let mut known = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        let state = known.entry(class.id).or_insert_with(|| {
            Arc::new(ClassState {
                name: class.name,
                id: class.id,
                metrics: ClassMetrics::of(class.name),
                platform: self.platform.clone(),
                everywhere: Arc::new(Version::new(Subject::Everywhere(class.name))),
            })
        });
        state.clone()
    }
}
