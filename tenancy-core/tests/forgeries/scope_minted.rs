//! The function that makes scopes is not reachable.
use tenancy_core::{Actor, Purpose, TenantScope, Tenants};

fn forge(tenants: Tenants, live: ()) -> TenantScope {
    TenantScope::mint(tenants, live, Actor::anonymous(), Purpose::Request, None)
}

fn main() {}
