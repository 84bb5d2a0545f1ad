use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tenancy_core::time::Time;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::report::{Period, Report, Reports, WhichEndpoints};
use tenancy_observability::sink::prometheus::Format;
use tenancy_observability::slow_query::{SlowQueries, SlowQuery};

/// What is known of the server. It is for its operator: keep these addresses from others.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) metrics: Metrics,
    pub(crate) reports: Reports,
    pub(crate) slow: SlowQueries,
}

pub(crate) fn routes(told: Told) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/report", get(report))
        .route("/slow", get(slow))
        .with_state(told)
}

async fn metrics(State(told): State<Told>) -> ([(http::HeaderName, &'static str); 1], String) {
    let format = Format::Text;
    let text = format.write(&told.metrics.snapshot());
    ([(CONTENT_TYPE, format.content_type())], text)
}

async fn report(State(told): State<Told>) -> Result<Json<Report>, StatusCode> {
    let hour = Period::last(Duration::from_secs(60 * 60), Time::now());
    let which = WhichEndpoints::default().samples_min(1);
    let report = told.reports.of_platform(hour, which).await;
    report
        .map(Json)
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

async fn slow(State(told): State<Told>) -> Json<Vec<SlowQuery>> {
    Json(told.slow.findings().slow)
}
