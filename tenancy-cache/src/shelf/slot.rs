use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::Equivalent;
use smallvec::SmallVec;

use super::NameRef;
use crate::class::ClassState;
use crate::clock::Moment;
use crate::entry::{Entry, Value};
use crate::key::KeyRef;

/// An entry in a table, with all that a hit reads: beside the value, it has one place of the memory to
/// fetch.
pub(crate) struct Slot {
    pub(crate) class: Arc<ClassState>,
    /// A short key needs no memory of its own.
    key: SmallVec<[u8; 24]>,
    value: Value,
    /// How many flushes there had been when the entry was last found current: until there is one
    /// more, nothing else need be compared.
    current_at: AtomicU64,
    /// Until then it is fresh, and too young to be loaded anew.
    quiet_until: Moment,
    pub(crate) entry: Arc<Entry>,
}

impl Slot {
    pub(super) fn new(key: KeyRef<'_>, entry: Arc<Entry>) -> Self {
        Self {
            class: entry.class.clone(),
            key: key.to_vec().into(),
            value: entry.value.clone(),
            current_at: AtomicU64::new(u64::MAX),
            quiet_until: entry.quiet_until,
            entry,
        }
    }

    #[inline]
    fn name(&self) -> NameRef<'_> {
        NameRef {
            class: self.class.id,
            key: KeyRef::of(&self.key),
        }
    }

    /// The value, where it may be used as it is and is not to be loaded anew. So many flushes there
    /// have been.
    #[inline]
    pub(crate) fn value(&self, now: Moment, flushes: u64) -> Value {
        if now >= self.quiet_until {
            return None;
        }
        if self.current_at.load(Ordering::Acquire) != flushes {
            if !self.entry.is_current() {
                return None;
            }
            self.current_at.store(flushes, Ordering::Release);
        }
        self.value.clone()
    }
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Slot {}

/// A look for an entry. A table compares it with its slots under its lock, and that is where it takes
/// what it came for: a hit need not count itself in and out of the entry.
pub(super) struct Look<'a, F> {
    pub(super) name: &'a NameRef<'a>,
    pub(super) take: F,
}

impl<F> Hash for Look<'_, F> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl<F: Fn(&Slot)> Equivalent<Slot> for Look<'_, F> {
    #[inline]
    fn equivalent(&self, slot: &Slot) -> bool {
        let is_it = *self.name == slot.name();
        if is_it {
            (self.take)(slot);
        }
        is_it
    }
}
