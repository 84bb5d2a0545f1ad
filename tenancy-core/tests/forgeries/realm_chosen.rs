//! A realm cannot be named, so it cannot be imitated.
use tenancy_core::Tenants;
use tenancy_core::registry::InMemoryTenants;

fn main() {
    let tenants = Tenants::new(InMemoryTenants::default());
    let _ = tenants.realm();
    let _ = tenants.0.realm;
}
