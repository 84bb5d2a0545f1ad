use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenancy_core::registry::Address;
use tenancy_core::{Error, Tenant, TenantId};
use uuid::Uuid;

/// What the server kept before: each account's goods.
#[derive(Clone, Default)]
pub(crate) struct Goods(Arc<Mutex<HashMap<TenantId, Vec<String>>>>);

impl Goods {
    pub(crate) fn add(&self, account: TenantId, name: String) {
        self.lock().entry(account).or_default().push(name);
    }

    /// Stands for a query that takes its time, and says that it is made.
    pub(crate) async fn read(self, account: TenantId) -> Result<Vec<String>, Infallible> {
        println!("reading the goods of {account}");
        Ok(self.lock().get(&account).cloned().unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The application's accounts as tenants.
pub(crate) async fn account(address: Address) -> Result<Option<Tenant>, Error> {
    let accounts = [("acme", 1), ("bolt", 2)]
        .into_iter()
        .map(|(slug, number)| {
            let slug = slug.parse().expect("a lower-case word is a slug");
            Tenant::new(TenantId::from(Uuid::from_u128(number)), slug)
        });
    let is_meant = |account: &Tenant| match &address {
        Address::Domain(_) => false,
        Address::Id(id) => account.id == *id,
        Address::Slug(slug) => account.slug == *slug,
    };
    Ok(accounts.into_iter().find(is_meant))
}
