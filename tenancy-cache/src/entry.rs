use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::class::{Class, ClassState};
use crate::clock::Moment;
use crate::shelf::{Conjunctions, Shelf, Slot};
use crate::version::{Stamps, Standing, Version};
use crate::why::Facts;

/// A value of whatever type, or that there is none.
pub(crate) type Value = Option<Arc<dyn Any + Send + Sync>>;

/// A value, and until when and for which flushes it may be used.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    /// Until then it is fresh, and too young to be loaded anew.
    pub(crate) quiet_until: Moment,
    pub(crate) class: Arc<ClassState>,
    pub(crate) bytes: u64,
    loaded_at: Moment,
    /// What was flushed before that has not been missed.
    sure_at: Moment,
    fresh_until: Moment,
    stale_until: Moment,
    /// After a failed load, in milliseconds after `loaded_at`.
    rest: AtomicU64,
    reach: Duration,
    /// Which load it is of.
    pub(crate) load: u64,
    dependencies: Dependencies,
}

/// What a load saw, before it began, of everything a flush can name.
#[derive(Debug)]
pub(crate) struct Dependencies {
    pub(crate) stamps: Stamps,
    pub(crate) conjunctions: Arc<Conjunctions>,
    /// The number of the last flush of tags together that this entry was compared with.
    pub(crate) seen: AtomicU64,
}

/// How an entry may be used now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Use {
    /// As it is.
    Fresh,
    /// As it is, and it is time to load it anew.
    Early,
    /// Where a load fails or is slow.
    Stale,
    /// As it is, for a load has failed a moment ago.
    Resting,
    /// Not at all.
    Dead(Cause),
}

/// Why an entry may not be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    Expired,
    Flushed,
    /// Nobody knows what others have changed since it was loaded.
    Unsure,
}

/// How long a failed load is not tried again while there is a stale value.
const REST: Duration = Duration::from_secs(1);

/// What a table needs for an entry, beside the entry itself and a long name.
const TABLE_BYTES: usize = size_of::<Slot>() + 48;

/// What a tag that no other entry has needs.
const TAG_BYTES: usize = 128;

/// The platform, the class everywhere and here, and the tenant.
const WHOLES: usize = 4;

impl Dependencies {
    /// What a load sees now: the platform, the class everywhere and here, the tenant and the tags.
    pub(crate) fn see(shelf: &Shelf, class: &ClassState, tags: &[&[u8]]) -> Self {
        let wholes: [_; WHOLES] = [
            class.platform.clone(),
            class.everywhere.clone(),
            shelf.versions.tenant.clone(),
            shelf.versions.of_class(class.name),
        ];
        let tags = tags.iter().map(|tag| shelf.versions.of_tag(tag));
        // The number first: a flush that comes between is then met again, and not missed.
        let seen = AtomicU64::new(shelf.conjunctions.last());
        let epochs = shelf
            .ledgers
            .iter()
            .flatten()
            .map(|ledger| ledger.epoch.clone());
        Self {
            stamps: Stamps::take(wholes.into_iter().chain(tags).chain(epochs)),
            conjunctions: shelf.conjunctions.clone(),
            seen,
        }
    }

    /// The same, as it is now.
    pub(crate) fn again(seen: &Self) -> Self {
        let conjunctions = seen.conjunctions.clone();
        // The number first, as above.
        let number = AtomicU64::new(conjunctions.last());
        Self {
            stamps: Stamps::take(seen.stamps.iter().map(|(version, ..)| version.clone())),
            conjunctions,
            seen: number,
        }
    }

    /// The same, with some versions as they have become known since.
    pub(crate) fn learnt(&self, is_learnt: impl Fn(&Arc<Version>) -> bool) -> Self {
        Self {
            stamps: self.stamps.renewed(is_learnt),
            ..self.clone()
        }
    }

    /// Whether a value loaded with them may be kept.
    pub(crate) fn allow_keeping(&self) -> bool {
        self.standing() != Standing::Hard && !self.stamps.are_in_doubt()
    }

    pub(crate) fn standing(&self) -> Standing {
        self.stamps.standing().max(self.conjunctions.standing(self))
    }
}

impl Clone for Dependencies {
    fn clone(&self) -> Self {
        Self {
            stamps: self.stamps.clone(),
            conjunctions: self.conjunctions.clone(),
            seen: AtomicU64::new(self.seen.load(Ordering::Acquire)),
        }
    }
}

/// What an entry is made of, beside its value.
pub(crate) struct Making<'a> {
    pub(crate) policy: &'a Class,
    pub(crate) class: Arc<ClassState>,
    pub(crate) dependencies: Dependencies,
    pub(crate) value_bytes: usize,
    pub(crate) name_bytes: usize,
    pub(crate) now: Moment,
    /// When what it depends on was known for certain: before the value was read, that is.
    pub(crate) sure_at: Moment,
    pub(crate) load_time: Duration,
    /// A number of the load's own, in all processes.
    pub(crate) load: u64,
    /// How long it is fresh and then stale, where the class does not say.
    pub(crate) life: Option<(Duration, Duration)>,
}

impl Entry {
    pub(crate) fn new(value: Value, making: Making<'_>) -> Self {
        let Making {
            policy,
            class,
            dependencies,
            value_bytes,
            name_bytes,
            now,
            sure_at,
            load_time,
            load,
            life,
        } = making;
        let shortened = 1.0 - policy.jitter * fastrand::f64();
        let (life, stale_for) = match value {
            _ if life.is_some() => life.unwrap_or_default(),
            Some(_) => (policy.time_to_live.mul_f64(shortened), policy.stale_for),
            None => (policy.absence, Duration::ZERO),
        };
        let reach = Duration::try_from_secs_f64(load_time.as_secs_f64() * policy.early_refresh)
            .unwrap_or(Duration::MAX);
        let fresh_until = now.after(life);
        let tags_bytes = (dependencies.stamps.len() - WHOLES) * TAG_BYTES;
        let bytes = size_of::<Self>() + value_bytes + name_bytes + tags_bytes + TABLE_BYTES;
        Self {
            value,
            quiet_until: now.after(life.saturating_sub(reach.saturating_mul(LOGARITHM_MAX))),
            class,
            bytes: bytes as u64,
            loaded_at: now,
            sure_at,
            fresh_until,
            stale_until: fresh_until.after(stale_for),
            rest: AtomicU64::new(0),
            reach,
            load,
            dependencies,
        }
    }

    /// Whether nothing that it depends on was flushed since it was loaded.
    pub(crate) fn is_current(&self) -> bool {
        self.dependencies.standing() == Standing::Current
    }

    /// How it may be used.
    pub(crate) fn usable(&self, now: Moment) -> Use {
        match self.dependencies.standing() {
            Standing::Hard => return Use::Dead(Cause::Flushed),
            Standing::Soft => {}
            Standing::Current => {
                if now < self.quiet_until {
                    return Use::Fresh;
                }
                if now < self.fresh_until {
                    return if self.is_early(now) {
                        Use::Early
                    } else {
                        Use::Fresh
                    };
                }
            }
        }
        if now >= self.stale_until {
            Use::Dead(Cause::Expired)
        } else if now < self.rested_at() {
            Use::Resting
        } else {
            Use::Stale
        }
    }

    /// Whether this caller is the one who loads anew before the end: ever more likely as the end
    /// comes near, and the earlier the longer a load takes.
    fn is_early(&self, now: Moment) -> bool {
        let left = self.fresh_until.since(now).as_secs_f64();
        left < -self.reach.as_secs_f64() * fastrand::f64().max(f64::MIN_POSITIVE).ln()
    }

    /// Whether it is no longer than that ago that all flushes were known.
    pub(crate) fn is_surer_than(&self, age: Duration, now: Moment) -> bool {
        now.since(self.sure_at) < age
    }

    /// How long it is fresh from its beginning, and then stale.
    pub(crate) fn life(&self) -> (Duration, Duration) {
        let fresh_for = self.fresh_until.since(self.loaded_at);
        (fresh_for, self.stale_until.since(self.fresh_until))
    }

    /// Lets the next load wait a moment, for one has just failed.
    pub(crate) fn rest(&self, now: Moment) {
        let until = now.after(REST).since(self.loaded_at).as_millis();
        let until = u64::try_from(until).unwrap_or(u64::MAX);
        self.rest.store(until, Ordering::Relaxed);
    }

    fn rested_at(&self) -> Moment {
        let rest = self.rest.load(Ordering::Relaxed);
        self.loaded_at.after(Duration::from_millis(rest))
    }

    pub(crate) fn facts(&self, now: Moment) -> Facts {
        let stamps = &self.dependencies.stamps;
        let mut flushed: Vec<_> = stamps.changed().map(ToString::to_string).collect();
        if self.dependencies.conjunctions.standing(&self.dependencies) != Standing::Current {
            flushed.push("tags together".to_owned());
        }
        Facts {
            absence: self.value.is_none(),
            bytes: self.bytes,
            age: now.since(self.loaded_at),
            fresh_for: self.fresh_until.since(now),
            stale_for: self.stale_until.since(now),
            flushed,
        }
    }
}

/// More than -ln of a random number: it exceeds 20 twice in a billion calls.
const LOGARITHM_MAX: u32 = 20;

impl Use {
    pub(crate) fn is_fresh(self) -> bool {
        matches!(self, Self::Fresh | Self::Early)
    }

    pub(crate) fn is_dead(self) -> bool {
        matches!(self, Self::Dead(_))
    }
}
