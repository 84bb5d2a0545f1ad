//! The shortcut of the layer, which checks nothing, is not reachable.
use tenancy_core::registry::Address;
use tenancy_core::{Actor, Purpose, TenantId, Tenants};

async fn forge(tenants: Tenants) {
    let live = tenants.live(&Address::Id(TenantId::generate())).await;
    let _ = tenants.enter(live, Actor::anonymous(), Purpose::Request, None);
}

fn main() {}
