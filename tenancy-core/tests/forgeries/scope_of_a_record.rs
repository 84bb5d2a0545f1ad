//! A record or an id is no scope.
use tenancy_core::{Tenant, TenantId, TenantScope};

fn forge(tenant: Tenant, id: TenantId) {
    let _ = TenantScope::from(tenant);
    let _: TenantScope = id.into();
}

fn main() {}
