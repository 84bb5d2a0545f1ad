//! The smallest use of tenancy-core: two tenants, and a scope for one of them.
//!
//! Run it with `cargo run -p quickstart`.

use std::error::Error;

use tenancy_core::registry::{Address, InMemoryTenants};
use tenancy_core::{Actor, Purpose, Slug, Tenant, TenantId, Tenants};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let registry = InMemoryTenants::default();
    for slug in ["acme", "bolt"] {
        registry.add(&Tenant::new(TenantId::generate(), slug.parse()?))?;
    }
    let tenants = Tenants::new(registry);

    let slug: Slug = "acme".parse()?;
    let acme = tenants.find(&Address::Slug(slug)).await?;
    let scope = tenants
        .scope(acme.id, Actor::system("quickstart"), Purpose::Request)
        .await?;
    println!(
        "working for {} as {}",
        scope.tenant().name,
        scope.actor().name()
    );

    let nobody: Slug = "nobody".parse()?;
    match tenants.find(&Address::Slug(nobody)).await {
        Ok(_) => Err("there is no such tenant".into()),
        Err(error) => {
            println!("nobody: {error}");
            Ok(())
        }
    }
}
