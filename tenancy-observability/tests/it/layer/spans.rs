//! What a slow request waited for, and when.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use http::Request;
use tenancy_core::layer::TenantLayer;
use tenancy_core::meter::SpanKind;
use tenancy_core::resolve::Sources;
use tenancy_core::sql::Database;
use tenancy_core::{TenantScope, on_tx};
use tenancy_observability::layer::{PerformanceLayer, SlowRequests, SlowSpan};
use tower::ServiceExt as _;

use crate::site::{Site, on_both};

on_both! { a_slow_request_is_kept_with_what_it_waited_for }

/// Takes either database some milliseconds.
const COUNT: &str = "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
    SELECT CAST(count(*) AS BIGINT) FROM n";

/// The line of the statements.
static LINE: AtomicU32 = AtomicU32::new(0);

async fn count(
    State(database): State<Database>,
    Extension(scope): Extension<TenantScope>,
) -> String {
    let mut tx = database.read(&scope).await.unwrap();
    let mut all = 0;
    for _ in 0..2 {
        LINE.store(line!() + 1, Ordering::Relaxed);
        let counted = on_tx!(&mut tx, |conn| sqlx::query_scalar::<_, i64>(COUNT)
            .bind(50_000_i64)
            .fetch_one(conn)
            .await);
        all += counted.unwrap();
    }
    tx.commit().await.unwrap();
    all.to_string()
}

async fn a_slow_request_is_kept_with_what_it_waited_for(site: Site) {
    site.add("acme").await;
    let slow = SlowRequests::builder().threshold(Duration::ZERO).build();
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let app = Router::new()
        .route("/count", get(count))
        .with_state(site.database.clone())
        .layer(TenantLayer::new(&site.tenants, sources))
        .layer(PerformanceLayer::new().observe(slow.clone()));
    let request = Request::get("/count").header("host", "acme.shops.test");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 100).await;
    assert_eq!(body.unwrap(), "100000");

    let kept = slow.newest(1).remove(0);
    let is_statement = |span: &&SlowSpan| span.kind == SpanKind::Statement;
    let statements: Vec<_> = kept.spans.iter().filter(is_statement).collect();
    let [first, second] = &statements[..] else {
        panic!("{:?}", kept.spans);
    };
    let line = LINE.load(Ordering::Relaxed);
    for statement in [first, second] {
        let place = statement.location.as_deref().unwrap();
        assert!(place.contains(&format!("spans.rs:{line}:")), "{place}");
    }
    let total = kept.spent.total.as_secs_f64() * 1e3;
    assert!(first.begins_at > 0.0, "{first:?}");
    assert!(first.begins_at + first.took <= second.begins_at, "{kept:?}");
    assert!(second.begins_at + second.took <= total, "{kept:?}");
    let begins: Vec<_> = kept.spans.iter().map(|span| span.begins_at).collect();
    assert!(begins.is_sorted(), "{begins:?}");
}
