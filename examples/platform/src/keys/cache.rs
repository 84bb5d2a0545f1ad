use std::sync::Arc;

use quick_cache::sync::Cache;
use tenancy_core::sql::Database;
use tenancy_core::{Actor, Error, PlatformScope, Tenant, TenantId};

use super::key::{ApiKey, Digest};
use super::record::KeyRecord;
use super::store;

/// How many answers are remembered, those about worthless keys among them.
const ANSWERS_MAX: usize = 10_000;

/// Looks keys up, and remembers each answer until the tenant's revision changes.
#[derive(Clone)]
pub(crate) struct KnownKeys {
    database: Database,
    scope: PlatformScope,
    answers: Arc<Cache<(TenantId, Digest), Answer>>,
}

#[derive(Clone)]
struct Answer {
    revision: u64,
    actor: Option<Actor>,
}

impl KnownKeys {
    pub(crate) fn new(database: Database, scope: PlatformScope) -> Self {
        Self {
            database,
            scope,
            answers: Arc::new(Cache::new(ANSWERS_MAX)),
        }
    }

    /// What is remembered of a key: who signs in with it at this tenant, or nobody.
    pub(crate) fn remembered(&self, tenant: &Tenant, key: &ApiKey) -> Option<Option<Actor>> {
        let answer = self.answers.get(&(tenant.id, key.digest()))?;
        (answer.revision == tenant.revision).then_some(answer.actor)
    }

    /// Who signs in with this key at this tenant, if it is a valid key of that very tenant; asked of the
    /// database.
    pub(crate) async fn look_up(
        &self,
        tenant: &Tenant,
        key: &ApiKey,
    ) -> Result<Option<Actor>, Error> {
        let place = (tenant.id, key.digest());
        let mut tx = self.database.platform_read(&self.scope).await?;
        let record = store::find(&mut tx, tenant.id, place.1).await?;
        tx.commit().await?;
        let actor =
            record.map(|KeyRecord { id, name, .. }| Actor::key(&id.to_string(), name.as_str()));
        // The revision was read before the key was looked up: a change in between makes the
        // answer one too old, never one too new.
        let answer = Answer {
            revision: tenant.revision,
            actor: actor.clone(),
        };
        self.answers.insert(place, answer);
        Ok(actor)
    }
}

impl std::fmt::Debug for KnownKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownKeys").finish_non_exhaustive()
    }
}
