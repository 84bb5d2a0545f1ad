use std::sync::Arc;

use super::shared::Shared;
use super::subject_name;
use crate::entry::Dependencies;
use crate::shelf::Shelf;
use crate::version::{Subject, Version};

/// What a value depends on that was read before the store could be asked about it.
///
/// What the store says then may be from after a flush that the value has not seen.
pub(crate) struct Watch {
    pub(crate) seen: Dependencies,
    unknown: Vec<Unknown>,
}

/// A version that was not known yet.
struct Unknown {
    version: Arc<Version>,
    /// How many flushes its log had before, at least.
    flushes: u64,
}

impl Shared {
    /// Sees what a value depends on that is read already.
    pub(crate) fn watch(&self, shelf: &Shelf, see: impl FnOnce() -> Dependencies) -> Watch {
        // Nothing is learnt, obeyed or flushed between what is seen and what is known of it.
        let _learning = self.learning();
        let seen = see();
        let unknown = seen.stamps.iter().filter_map(|(version, ..)| {
            let is_epoch = matches!(version.subject(), Subject::Epoch(_));
            (!is_epoch && !version.is_known()).then(|| {
                let (bucket, _) = subject_name(shelf.tenant, version.subject());
                let (_, flushes) = self.ledger(bucket).place();
                Unknown {
                    version: version.clone(),
                    flushes,
                }
            })
        });
        let unknown = unknown.collect();
        Watch { seen, unknown }
    }

    /// The same, with the store's versions of what has not been flushed since.
    pub(crate) fn learnt(&self, watch: &Watch) -> Dependencies {
        let _learning = self.learning();
        watch.seen.learnt(|version| {
            let mut unknown = watch.unknown.iter();
            unknown.any(|unknown| Arc::ptr_eq(&unknown.version, version) && unknown.is_as_it_was())
        })
    }
}

impl Unknown {
    fn is_as_it_was(&self) -> bool {
        self.version.is_known() && self.version.heard() <= self.flushes
    }
}
