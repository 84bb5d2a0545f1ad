use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::Metrics;

/// What sets gauges before they are read.
#[derive(Default)]
pub(super) struct Refreshers(Mutex<Vec<Refresh>>); // std's: never held while one works

pub(super) type Refresh = Arc<dyn Fn(&Metrics) + Send + Sync>;

impl Refreshers {
    pub(super) fn add(&self, refresh: Refresh) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(refresh);
    }

    pub(super) fn all(&self) -> Vec<Refresh> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

impl fmt::Debug for Refreshers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshers").finish_non_exhaustive()
    }
}
