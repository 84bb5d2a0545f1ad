use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Address, Changes, DOMAINS_MAX, Directory, Domain, PAGE_ROWS_MAX, TenantRegistry};
use crate::error::{Error, ErrorKind};
use crate::resolve::Host;
use crate::scope::Actor;
use crate::tenant::{Slug, Tenant, TenantId};
use crate::time::Time;

/// A [`TenantRegistry`] in this process's memory, for tests and small fixed sets of tenants.
///
/// It keeps no journal, so who made a change is not remembered.
#[derive(Debug, Default)]
pub struct InMemoryTenants {
    state: Mutex<State>, // std's: never held across an await
}

#[derive(Debug, Default)]
struct State {
    revision: u64,
    tenants: BTreeMap<TenantId, Tenant>,
    domains: BTreeMap<Host, Domain>,
}

impl InMemoryTenants {
    /// Adds a tenant at once, for setting up an example or a test.
    ///
    /// # Errors
    /// [`AddressTaken`](ErrorKind::AddressTaken) as in [`TenantRegistry::insert`].
    pub fn add(&self, tenant: &Tenant) -> Result<Tenant, Error> {
        let mut state = self.state();
        if state.tenants.contains_key(&tenant.id) {
            return Err(ErrorKind::AddressTaken.into());
        }
        state.store(tenant)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each critical section leaves the maps whole before it can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn store(&mut self, tenant: &Tenant) -> Result<Tenant, Error> {
        let taken = |other: &Tenant| other.slug == tenant.slug && other.id != tenant.id;
        if self.tenants.values().any(taken) {
            return Err(ErrorKind::AddressTaken.into());
        }
        self.revision += 1;
        let stored = Tenant {
            revision: self.revision,
            ..tenant.clone()
        };
        self.tenants.insert(stored.id, stored.clone());
        Ok(stored)
    }

    fn touch(&mut self, id: TenantId) {
        self.revision += 1;
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.revision = self.revision;
        }
    }
}

impl Directory for InMemoryTenants {
    async fn find(&self, address: &Address) -> Result<Option<Tenant>, Error> {
        let state = self.state();
        Ok(match address {
            Address::Domain(host) => state
                .domains
                .get(host)
                .and_then(|domain| state.tenants.get(&domain.tenant_id)),
            Address::Id(id) => state.tenants.get(id),
            Address::Slug(slug) => state.tenants.values().find(|tenant| tenant.slug == *slug),
        }
        .cloned())
    }

    async fn changes(&self, revision: u64) -> Result<Option<Changes>, Error> {
        let state = self.state();
        let changed = |tenant: &&Tenant| tenant.revision > revision;
        Ok(Some(Changes {
            revision: state.revision,
            tenants: state
                .tenants
                .values()
                .filter(changed)
                .map(|tenant| tenant.id)
                .collect(),
            overflowed: false,
        }))
    }

    fn local_changes(&self) -> u64 {
        self.state().revision
    }
}

impl TenantRegistry for InMemoryTenants {
    async fn insert(&self, tenant: &Tenant, _by: &Actor) -> Result<Tenant, Error> {
        self.add(tenant)
    }

    async fn update(&self, tenant: &Tenant, _by: &Actor) -> Result<Tenant, Error> {
        let mut state = self.state();
        let current = state.tenants.get(&tenant.id).ok_or(ErrorKind::NotFound)?;
        if current.revision != tenant.revision {
            return Err(ErrorKind::SerializationFailure.into());
        }
        state.store(tenant)
    }

    async fn list(&self, after: Option<&Slug>, limit: u32) -> Result<Vec<Tenant>, Error> {
        let state = self.state();
        let mut tenants: Vec<_> = state
            .tenants
            .values()
            .filter(|tenant| after.is_none_or(|after| tenant.slug > *after))
            .cloned()
            .collect();
        tenants.sort_by(|a, b| a.slug.cmp(&b.slug));
        tenants.truncate(limit.min(PAGE_ROWS_MAX) as usize);
        Ok(tenants)
    }

    async fn add_domain(&self, tenant: TenantId, host: &Host, _by: &Actor) -> Result<(), Error> {
        let mut state = self.state();
        if !state.tenants.contains_key(&tenant) {
            return Err(ErrorKind::NotFound.into());
        }
        match state.domains.get(host) {
            Some(domain) if domain.tenant_id == tenant => return Ok(()),
            Some(_) => return Err(ErrorKind::AddressTaken.into()),
            None => {}
        }
        let count = state
            .domains
            .values()
            .filter(|domain| domain.tenant_id == tenant)
            .count();
        if count >= DOMAINS_MAX {
            return Err(Error::with_source(
                ErrorKind::InvalidInput,
                format!("a tenant has at most {DOMAINS_MAX} domains"),
            ));
        }
        let domain = Domain {
            host: host.clone(),
            tenant_id: tenant,
            created_at: Time::now(),
        };
        state.domains.insert(host.clone(), domain);
        state.touch(tenant);
        Ok(())
    }

    async fn remove_domain(
        &self,
        tenant: TenantId,
        host: &Host,
        _by: &Actor,
    ) -> Result<bool, Error> {
        let mut state = self.state();
        let found = state
            .domains
            .get(host)
            .is_some_and(|domain| domain.tenant_id == tenant);
        if found {
            state.domains.remove(host);
            state.touch(tenant);
        }
        Ok(found)
    }

    async fn domains(&self, tenant: TenantId) -> Result<Vec<Domain>, Error> {
        let state = self.state();
        Ok(state
            .domains
            .values()
            .filter(|domain| domain.tenant_id == tenant)
            .cloned()
            .collect())
    }
}
