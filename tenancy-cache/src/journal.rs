//! Invalidation by what is committed.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use tenancy_core::TenantScope;
use tenancy_core::journal::{Change, ObserveCommits};

use crate::cache::Inner;
use crate::key::Tag;
use crate::version::Doubt;

/// Puts in doubt what is about to be committed.
pub(crate) struct Observer(Weak<Inner>);

impl Observer {
    pub(crate) fn new(cache: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(cache))
    }
}

impl ObserveCommits for Observer {
    fn committing(&self, scope: &TenantScope, changes: &[Change]) -> Box<dyn Any + Send> {
        let cache = self.0.upgrade();
        let Some(cache) = cache.filter(|cache| cache.realm == scope.realm()) else {
            return Box::new(());
        };
        let changed: BTreeSet<Tag> = changes
            .iter()
            .flat_map(|change| tags(change.resource(), change.resource_id()))
            .collect();
        let versions = cache.pool.versions(scope.tenant_id());
        // A tag that is too long to be had by an entry has nothing to flush.
        let tags = changed.iter().filter_map(|tag| tag.bytes().ok());
        Box::new(Doubt::of(&versions, tags))
    }
}

fn tags(resource: &str, id: &str) -> [Tag; 2] {
    let kind = Tag::from(resource);
    [kind.clone().part(id), kind]
}
