//! A request's scope does not become the platform's, and a scope does not change its tenant.
use tenancy_core::{PlatformScope, TenantId, TenantScope};

fn forge(scope: &mut TenantScope, id: TenantId) -> PlatformScope {
    scope.0.tenant_id = id;
    scope.clone().into()
}

fn main() {}
