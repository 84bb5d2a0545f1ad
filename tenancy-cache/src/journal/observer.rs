use std::any::Any;
use std::sync::{Arc, Weak};

use tenancy_core::TenantScope;
use tenancy_core::journal::{Change, ObserveCommits};
use tenancy_core::sql::Database;

use super::tags;
use crate::cache::Inner;
use crate::version::Doubt;

/// Puts in doubt what is about to be committed.
pub(crate) struct Observer(Weak<Inner>);

impl Observer {
    pub(crate) fn observe_for(cache: &Arc<Inner>, database: &Database) {
        database.observe_commits(Arc::new(Self(Arc::downgrade(cache))));
    }
}

impl ObserveCommits for Observer {
    fn committing(&self, scope: &TenantScope, changes: &[Change]) -> Box<dyn Any + Send> {
        let cache = self.0.upgrade();
        let Some(cache) = cache.filter(|cache| cache.realm == scope.realm()) else {
            return Box::new(());
        };
        let changes = changes.iter();
        let changed = tags(changes.map(|change| (change.resource(), change.resource_id())));
        let (tenant, shared) = (scope.tenant_id(), cache.shared.clone());
        let versions = cache.pool.versions(tenant);
        // A tag that is too long to be had by an entry has nothing to flush.
        let tags = changed.iter().filter_map(|tag| tag.bytes().ok());
        Box::new(Doubt::of(tenant, &versions, shared, tags))
    }
}
