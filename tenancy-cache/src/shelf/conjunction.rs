use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::entry::Dependencies;
use crate::version::{Flush, Standing, Version};

/// Flushes of one tenant's entries that have several tags at once.
///
/// Each entry knows the last one it was compared with, so a read costs one comparison of numbers
/// until there is a new one. Only the last are kept: an entry that was not looked at for longer than
/// they reach back counts as flushed.
#[derive(Debug, Default)]
pub(crate) struct Conjunctions {
    last: AtomicU64,
    kept: Mutex<VecDeque<Conjunction>>,
}

#[derive(Debug)]
struct Conjunction {
    number: u64,
    versions: Vec<Arc<Version>>,
    how: Flush,
}

const KEPT_MAX: usize = 64;

impl Conjunctions {
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    pub(crate) fn flush(&self, versions: Vec<Arc<Version>>, how: Flush) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.last() + 1;
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(Conjunction {
            number,
            versions,
            how,
        });
        self.last.store(number, Ordering::Release);
    }

    pub(crate) fn standing(&self, dependencies: &Dependencies) -> Standing {
        let seen = dependencies.seen.load(Ordering::Acquire);
        if seen == self.last() {
            return Standing::Current;
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.front().is_none_or(|oldest| oldest.number > seen + 1) {
            return Standing::Hard;
        }
        let mut standing = Standing::Current;
        for conjunction in kept.iter().filter(|conjunction| conjunction.number > seen) {
            if dependencies.stamps.depends_on_all(&conjunction.versions) {
                standing = standing.max(match conjunction.how {
                    Flush::Hard => Standing::Hard,
                    Flush::Soft => Standing::Soft,
                });
            }
        }
        if standing == Standing::Current {
            dependencies.seen.store(self.last(), Ordering::Release);
        }
        standing
    }
}
