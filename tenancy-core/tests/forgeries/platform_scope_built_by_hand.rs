//! A platform scope has no public constructor and no public field.
use tenancy_core::{Actor, PlatformScope, Tenants};

fn forge(tenants: Tenants) {
    let _ = PlatformScope { tenants: tenants.clone(), actor: Actor::anonymous() };
    let _ = PlatformScope::mint(tenants, Actor::anonymous());
}

fn main() {}
