//! What a server that was there before takes, and why: no tenants, and a database of its own.
//!
//! Run it with `cargo run -p embed-observability`, then type `curl -i http://127.0.0.1:3000/orders/7`: the
//! answer says how long it took. `/metrics` is for Prometheus, `/report` says what the last hour was
//! like, `/slow` which statement is to blame, and `/health` whether all is well.

mod orders;
mod told;

use std::{env, error::Error, path::Path};

use axum::{Router, routing::get};
use tenancy_core::sql::{Database, SqlStorage, migrate};
use tenancy_core::{Actor, Tenants};
use tenancy_observability::MIGRATIONS;
use tenancy_observability::health::checks::MemoryCheck;
use tenancy_observability::health::{Health, HealthLayer, Part};
use tenancy_observability::layer::{PerformanceLayer, ReceivedBodyLayer};
use tenancy_observability::metrics::{Metrics, RequestMetrics};
use tenancy_observability::report::{Recorder, Reports};
use tenancy_observability::slow_query::SlowQueries;
use tokio::net::TcpListener;
use tracing_subscriber::prelude::*;

use crate::told::Told;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let app = app(Path::new("observability-data")).await?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn app(folder: &Path) -> Result<Router, Box<dyn Error>> {
    let metrics = Metrics::builder("production").build();
    metrics.install()?;
    let slow = SlowQueries::builder().threshold(orders::SLOW).build();
    tracing_subscriber::registry().with(slow.layer()).init();

    // Reports are kept in a file beside the server's own database. There are no tenants to find.
    let storage = SqlStorage::builder().sqlite(folder).await?;
    migrate::prepare(&storage, &[&migrate::CORE, &MIGRATIONS]).await?;
    let nobody = Tenants::from_fn(async |_| Ok(None));
    let database = Database::builder(&storage, &nobody).migrations(&MIGRATIONS);
    let (database, scope) = (database.build(), nobody.platform(Actor::system("reports")));
    let recorder = Recorder::new();
    let reports = Reports::builder(&database, &scope, &recorder).build();
    let kept = reports.clone();
    tokio::spawn(async move { kept.keep_until(std::future::pending()).await });

    let memory = Part::optional("memory").measures("utilization");
    let health = Health::builder()
        .check(memory, MemoryCheck::default())
        .build();
    health.started();
    let layer = PerformanceLayer::new()
        .observe(recorder)
        .observe(slow.clone())
        .observe(RequestMetrics::new(&metrics));
    let told = Told {
        metrics,
        reports,
        slow,
    };
    Ok(Router::new()
        .route(
            "/orders/{id}",
            get(orders::show)
                .put(orders::note)
                .with_state(orders::open().await?),
        )
        .merge(told::routes(told))
        // Inside of what measures, so that whoever sends a note slowly makes nothing look slow.
        .layer(ReceivedBodyLayer)
        .layer(layer)
        .layer(HealthLayer::new(&health)))
}
