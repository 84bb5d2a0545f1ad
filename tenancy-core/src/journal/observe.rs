use std::any::Any;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::Change;
use crate::scope::TenantScope;

/// Hears of changes around their commit, in the process that commits them: for whoever keeps copies
/// that must not outlive a change.
///
/// Set by [`Database::observe_commits`](crate::sql::Database::observe_commits). It cannot hear of
/// what other processes commit, nor of a commit that ends with its process; that is what the journal
/// is for.
pub trait ObserveCommits: Send + Sync + 'static {
    /// The changes are about to be committed: COMMIT is sent after this returns.
    ///
    /// What it returns is dropped once the transaction has ended, committed or not, and before the
    /// one who commits hears of it; also where that one was dropped or ran out of time, as soon as
    /// the database has answered. Only where it does not answer within seconds, or the connection
    /// is lost, is it dropped while the outcome is open; what was committed then is in the journal.
    fn committing(&self, scope: &TenantScope, changes: &[Change]) -> Box<dyn Any + Send>;
}

/// Who observes the commits of one database.
#[derive(Default)]
pub(crate) struct Observers(RwLock<Vec<Arc<dyn ObserveCommits>>>);

/// What the observers hold while nobody knows whether a transaction is committed.
#[derive(Default)]
pub(crate) struct Doubt(Vec<Box<dyn Any + Send>>);

impl Observers {
    pub(crate) fn add(&self, observer: Arc<dyn ObserveCommits>) {
        let mut observers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        observers.push(observer);
    }

    pub(crate) fn doubt(&self, scope: &TenantScope, changes: &[Change]) -> Doubt {
        if changes.is_empty() {
            return Doubt::default();
        }
        let observers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let held = observers
            .iter()
            .map(|observer| observer.committing(scope, changes));
        Doubt(held.collect())
    }
}

impl Doubt {
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doubt").finish_non_exhaustive()
    }
}
