use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::registry::Changes;
use crate::tenant::TenantId;

/// How many tenants are remembered one by one as changed.
const TENANTS_MAX: usize = 10_000;

/// At which revision of the registry each tenant was last seen to change, so that an answer tells
/// its age by itself and nobody searches the cache for the entries of a changed tenant.
#[derive(Default)]
pub(super) struct Changed(RwLock<State>); // std's: never held across an await

#[derive(Default)]
struct State {
    /// The registry's revision up to which changes are noted.
    revision: u64,
    /// Answers older than this revision count as changed, whoever's they are.
    everything: u64,
    tenants: HashMap<TenantId, u64>,
}

impl Changed {
    pub(super) fn note(&self, changes: &Changes) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let revision = changes.revision;
        state.revision = state.revision.max(revision);
        if changes.overflowed || state.tenants.len() + changes.tenants.len() > TENANTS_MAX {
            state.everything = revision;
            state.tenants.clear();
        } else {
            let changed = changes.tenants.iter().map(|id| (*id, revision));
            state.tenants.extend(changed);
        }
    }

    pub(super) fn revision(&self) -> u64 {
        self.read(|state| state.revision)
    }

    /// Whether the tenant may have changed since it was asked for at this revision.
    pub(super) fn since(&self, revision: u64, id: TenantId) -> bool {
        self.read(|state| {
            revision < state.everything
                || state
                    .tenants
                    .get(&id)
                    .is_some_and(|changed| revision < *changed)
        })
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
