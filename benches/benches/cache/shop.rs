use std::error::Error;

use tenancy_cache::{Cache, CacheBuilder, TenantCache};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Purpose, Tenant, TenantId, Tenants};

/// The caches of some tenants.
pub(crate) async fn open<const N: usize>(
    set_up: impl FnOnce(CacheBuilder) -> CacheBuilder,
) -> Result<[TenantCache; N], Box<dyn Error>> {
    let registry = InMemoryTenants::default();
    let mut ids = Vec::new();
    for number in 0..N {
        let slug = format!("shop-{number}").parse()?;
        ids.push(registry.add(&Tenant::new(TenantId::generate(), slug))?.id);
    }
    let tenants = Tenants::new(registry);
    let cache: Cache = set_up(Cache::builder(&tenants)).build();
    let mut shops = Vec::new();
    for id in ids {
        let scope = tenants
            .scope(id, Actor::system("bench"), Purpose::Request)
            .await?;
        shops.push(cache.tenant(&scope)?);
    }
    Ok(shops.try_into().expect("as many as asked for"))
}
