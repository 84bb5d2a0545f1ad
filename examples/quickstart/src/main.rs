//! The smallest multi-tenant server: two tenants told apart by their host, without a database.
//!
//! Run it with `cargo run -p quickstart`, then type
//! `curl http://acme.localhost:3000` and `curl http://nobody.localhost:3000`.

use std::error::Error;

use axum::Router;
use axum::routing::get;
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, TenantScope, Tenants};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let registry = InMemoryTenants::default();
    for slug in ["acme", "bolt"] {
        registry.add(&Tenant::new(TenantId::generate(), slug.parse()?))?;
    }
    let app = app(&Tenants::new(registry))?;
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://acme.localhost:3000 and http://bolt.localhost:3000");
    Ok(axum::serve(listener, app).await?)
}

fn app(tenants: &Tenants) -> Result<Router, Box<dyn Error>> {
    let sources = Sources::new().subdomains_of("localhost".parse()?);
    let layer = TenantLayer::new(tenants, sources);
    Ok(Router::new().route("/", get(greet)).layer(layer))
}

/// Runs only with a tenant: without one the request never comes here.
async fn greet(scope: TenantScope) -> String {
    format!("Welcome to {}!\n", scope.tenant().name)
}
