//! Two open tenants, `acme.shops.test` and `bolt.shops.test`, and the platform at `shops.test`.

use tenancy_core::client_address::TrustedProxies;
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, Tenants};

pub(crate) struct TwoTenants {
    tenants: Tenants,
    pub(crate) acme: TenantId,
    pub(crate) bolt: TenantId,
}

impl TwoTenants {
    pub(crate) fn new() -> Self {
        let registry = InMemoryTenants::default();
        let add = |slug: &str| {
            let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
            registry.add(&tenant).unwrap().id
        };
        let (acme, bolt) = (add("acme"), add("bolt"));
        Self {
            tenants: Tenants::new(registry),
            acme,
            bolt,
        }
    }

    pub(crate) fn layer(&self) -> TenantLayer {
        let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
        TenantLayer::new(&self.tenants, sources).admit_platform()
    }
}

/// A proxy at 10.0.0.1.
pub(crate) fn proxies() -> TrustedProxies {
    TrustedProxies::networks(["10.0.0.1/32".parse().unwrap()])
}
