//! A route that sends a statement for each row of a list (N+1), asked over HTTP.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, StatusCode};
use tenancy_core::layer::TenantLayer;
use tenancy_core::resolve::Sources;
use tenancy_core::sql::Database;
use tenancy_core::{TenantScope, on_tx};
use tenancy_observability::layer::PerformanceLayer;
use tenancy_observability::slow_query::SlowQueries;
use tower::ServiceExt as _;

use crate::site::{Site, on_both};

on_both! { a_route_that_sends_a_statement_for_each_row_is_found_by_its_template }

const ROWS: i64 = 50;
const ROW: &str = "SELECT CAST($1 AS BIGINT)";
const LIST: &str = "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
    SELECT i FROM n";

/// The line of the statement that is sent for each row.
static LINE: AtomicU32 = AtomicU32::new(0);

/// One statement for the list, and one for each of its rows.
async fn row_by_row(
    State(database): State<Database>,
    Extension(scope): Extension<TenantScope>,
    Path(_): Path<u32>,
) -> String {
    let mut tx = database.read(&scope).await.unwrap();
    let list = on_tx!(&mut tx, |conn| sqlx::query_scalar::<_, i64>(LIST)
        .bind(ROWS)
        .fetch_all(conn)
        .await);
    let mut sum = 0;
    for row in list.unwrap() {
        LINE.store(line!() + 1, Ordering::Relaxed);
        let row = on_tx!(&mut tx, |conn| sqlx::query_scalar::<_, i64>(ROW)
            .bind(row)
            .fetch_one(conn)
            .await);
        sum += row.unwrap();
    }
    tx.commit().await.unwrap();
    sum.to_string()
}

/// The same in one statement.
async fn at_once(
    State(database): State<Database>,
    Extension(scope): Extension<TenantScope>,
) -> String {
    let mut tx = database.read(&scope).await.unwrap();
    let list = on_tx!(&mut tx, |conn| sqlx::query_scalar::<_, i64>(LIST)
        .bind(ROWS)
        .fetch_all(conn)
        .await);
    tx.commit().await.unwrap();
    list.unwrap().into_iter().sum::<i64>().to_string()
}

async fn a_route_that_sends_a_statement_for_each_row_is_found_by_its_template(site: Site) {
    let (acme, other) = (site.add("acme").await, site.add("other").await);
    let queries = SlowQueries::default();
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let app = Router::new()
        .route("/api/lists/{id}/rows", get(row_by_row))
        .route("/api/lists", get(at_once))
        .with_state(site.database.clone())
        .layer(TenantLayer::new(&site.tenants, sources))
        .layer(PerformanceLayer::new().observe(queries.clone()));
    let ask = async |host: &str, path: &str| {
        let request = Request::get(path).header("host", host);
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let body = axum::body::to_bytes(response.into_body(), 100).await;
        assert_eq!(body.unwrap(), (ROWS * (ROWS + 1) / 2).to_string());
    };
    ask("acme.shops.test", "/api/lists").await;
    assert_eq!(queries.findings().repeated, []);

    ask("acme.shops.test", "/api/lists/7/rows").await;
    ask("acme.shops.test", "/api/lists/8/rows").await;
    ask("other.shops.test", "/api/lists/9/rows").await;
    let found = queries.findings().repeated;
    let told: Vec<_> = found
        .iter()
        .map(|found| {
            (
                found.tenant_id,
                &*found.operation,
                found.requests,
                found.most,
            )
        })
        .collect();
    let (route, most) = ("/api/lists/{id}/rows", 50);
    assert_eq!(
        told,
        [
            (Some(acme.id), route, 2, most),
            (Some(other.id), route, 1, most)
        ]
    );
    for found in &found {
        assert!(
            found.caller.file.ends_with("layer/repeated.rs"),
            "{found:?}"
        );
        assert_eq!(found.caller.line, LINE.load(Ordering::Relaxed));
    }
}
