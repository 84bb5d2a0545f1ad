//! A realm can be compared with another, and neither be made nor be handed to other tenants.
use tenancy_core::Tenants;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::scope::Realm;

fn main() {
    let mut tenants = Tenants::new(InMemoryTenants::default());
    let _ = tenants.realm() == Realm(0);
    tenants.0.realm = tenants.realm();
}
