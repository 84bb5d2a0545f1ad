//! A pool and a table that were there before, served to the accounts whose rows they hold.
//!
//! As the owner of an empty database, run `schema.sql` and then what `cargo run -p embed-postgres
//! shop_server` prints. Set DATABASE_URL to it, with the user `shop_server`, and run `cargo run -p
//! embed-postgres`; then type `curl http://acme.localhost:3000`, and the same for `bolt`.

mod accounts;

use std::{env, error::Error};

use axum::{Json, Router, extract::State, routing::get};
use sqlx::PgPool;
use tenancy_core::sql::policy::{KeyType, TenantTable};
use tenancy_core::sql::{Database, SqlStorage, audit::IsolationAudit};
use tenancy_core::{TenantScope, Tenants, on_tx};
use tenancy_core::{layer::TenantLayer, problem::Problem, resolve::Sources};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let orders = TenantTable::new("orders".parse()?, KeyType::Bigint).column("account_id".parse()?);
    if let Some(role) = env::args().nth(1) {
        print!("{}", orders.migration(&role.parse()?));
        return Ok(());
    }
    let url = env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL; see the top of main.rs")?;
    let pool = PgPool::connect(&url).await?;
    let storage = SqlStorage::builder().with_pool(pool.clone());
    let audit = IsolationAudit::new(&[]).tenant_table(&orders);
    audit.run(&storage).await?.require_isolation()?;
    let tenants = Tenants::from_fn(move |address| accounts::find(pool.clone(), address));
    let app = app(&tenants, Database::new(&storage, &tenants))?;
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

fn app(tenants: &Tenants, database: Database) -> Result<Router, Box<dyn Error>> {
    let layer = TenantLayer::new(tenants, Sources::new().subdomains_of("localhost".parse()?));
    let orders = Router::new().route("/", get(orders));
    Ok(orders.layer(layer).with_state(database))
}

/// Names no account: the transaction sees nothing but the scope's.
async fn orders(
    scope: TenantScope,
    State(database): State<Database>,
) -> Result<Json<Vec<String>>, Problem> {
    const ITEMS: &str = "SELECT item FROM orders ORDER BY number";
    let items = async {
        let mut tx = database.read(&scope).await?;
        on_tx!(&mut tx, |conn| sqlx::query_scalar(ITEMS)
            .fetch_all(conn)
            .await)
    };
    items.await.map(Json).map_err(|error| Problem::from(&error))
}
