use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::class::{Class, ClassState};
use crate::shelf::{Conjunctions, Shelf};
use crate::version::{Stamps, Standing};
use crate::why::Facts;

/// A value of whatever type, or that there is none.
pub(crate) type Value = Option<Arc<dyn Any + Send + Sync>>;

/// A value, and until when and for which flushes it may be used.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) bytes: u64,
    pub(crate) class: Arc<ClassState>,
    dependencies: Dependencies,
    loaded_at: Instant,
    fresh_until: Instant,
    stale_until: Instant,
    load_time: Duration,
    early_refresh: f64,
    /// After a failed load, in milliseconds since `loaded_at`.
    retry_after: AtomicU64,
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

impl Use {
    pub(crate) fn allows_stale(self) -> bool {
        !matches!(self, Self::Dead(_))
    }
}

/// Why an entry is not fresh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    Expired,
    Flushed,
}

/// How long a failed load is not tried again while there is a stale value.
const REST: Duration = Duration::from_secs(1);

/// What a table needs for an entry, beside the entry itself and its name.
const TABLE_BYTES: usize = 64;

/// What a tag that no other entry has needs.
const TAG_BYTES: usize = 96;

impl Clone for Dependencies {
    fn clone(&self) -> Self {
        Self {
            stamps: self.stamps.clone(),
            conjunctions: self.conjunctions.clone(),
            seen: AtomicU64::new(self.seen.load(Ordering::Acquire)),
        }
    }
}

/// The platform, the class everywhere and here, and the tenant.
const WHOLES: usize = 4;

impl Dependencies {
    /// What a load sees now: the platform, the class everywhere and here, the tenant and the tags.
    pub(crate) fn see(shelf: &Shelf, class: &ClassState, tags: &[&[u8]]) -> Self {
        let wholes = [
            class.platform.clone(),
            class.everywhere.clone(),
            shelf.versions.tenant.clone(),
            shelf.versions.of_class(class.name),
        ];
        let tags = tags.iter().map(|tag| shelf.versions.of_tag(tag));
        // The number first: a flush that comes between is then met again, and not missed.
        let seen = AtomicU64::new(shelf.conjunctions.last());
        Self {
            stamps: Stamps::take(wholes.into_iter().chain(tags)),
            conjunctions: shelf.conjunctions.clone(),
            seen,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.stamps.standing().max(self.conjunctions.standing(self))
    }
}

impl Entry {
    pub(crate) fn new(
        policy: &Class,
        class: Arc<ClassState>,
        dependencies: Dependencies,
        value: Value,
        value_bytes: usize,
        name_bytes: usize,
        load_time: Duration,
    ) -> Self {
        let life = match value {
            Some(_) => policy
                .time_to_live
                .mul_f64(1.0 - policy.jitter * fastrand::f64()),
            None => policy.absence,
        };
        let stale_for = if value.is_some() {
            policy.stale_for
        } else {
            Duration::ZERO
        };
        let loaded_at = Instant::now();
        let fresh_until = after(loaded_at, life);
        let tags_bytes = (dependencies.stamps.len() - WHOLES) * TAG_BYTES;
        let bytes = size_of::<Self>() + value_bytes + name_bytes + tags_bytes + TABLE_BYTES;
        Self {
            value,
            bytes: bytes as u64,
            class,
            dependencies,
            loaded_at,
            fresh_until,
            stale_until: after(fresh_until, stale_for),
            load_time,
            early_refresh: policy.early_refresh,
            retry_after: AtomicU64::new(0),
        }
    }

    pub(crate) fn usable(&self, now: Instant) -> Use {
        match self.dependencies.standing() {
            Standing::Current if now < self.fresh_until => {
                return if self.is_early(now) {
                    Use::Early
                } else {
                    Use::Fresh
                };
            }
            Standing::Hard => return Use::Dead(Cause::Flushed),
            Standing::Current | Standing::Soft => {}
        }
        if now >= self.stale_until {
            Use::Dead(Cause::Expired)
        } else if self.is_resting(now) {
            Use::Resting
        } else {
            Use::Stale
        }
    }

    /// Whether this caller is the one who loads anew before the end: ever more likely as the end
    /// comes near, and the earlier the longer a load takes.
    fn is_early(&self, now: Instant) -> bool {
        let left = self.fresh_until - now;
        let reach = self.load_time.as_secs_f64() * self.early_refresh;
        // -ln of a random number exceeds 20 twice in a billion calls.
        left.as_secs_f64() < 20.0 * reach
            && left.as_secs_f64() < -reach * fastrand::f64().max(f64::MIN_POSITIVE).ln()
    }

    fn is_resting(&self, now: Instant) -> bool {
        let until = Duration::from_millis(self.retry_after.load(Ordering::Relaxed));
        now < self.loaded_at + until
    }

    /// Lets the next load wait a moment, for one has just failed.
    pub(crate) fn rest(&self, now: Instant) {
        let until = (now + REST).duration_since(self.loaded_at).as_millis();
        let until = u64::try_from(until).unwrap_or(u64::MAX);
        self.retry_after.store(until, Ordering::Relaxed);
    }

    pub(crate) fn facts(&self, now: Instant) -> Facts {
        let stamps = &self.dependencies.stamps;
        let mut flushed: Vec<_> = stamps.changed().map(ToString::to_string).collect();
        if self.dependencies.conjunctions.standing(&self.dependencies) != Standing::Current {
            flushed.push("tags together".to_owned());
        }
        Facts {
            absence: self.value.is_none(),
            bytes: self.bytes,
            age: now.duration_since(self.loaded_at),
            fresh_for: self.fresh_until.duration_since(now),
            stale_for: self.stale_until.duration_since(now),
            flushed,
        }
    }
}

/// A century stands for times that a clock cannot hold.
fn after(start: Instant, time: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);
    start + time.min(CENTURY)
}
