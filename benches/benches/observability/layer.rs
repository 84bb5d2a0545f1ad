use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use axum_prometheus::PrometheusMetricLayerBuilder;
use http::Request;
use http_body_util::BodyExt as _;
use tenancy_benches::{Report, paired};
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, Tenants};
use tenancy_observability::layer::{PerformanceLayer, SlowRequests};
use tenancy_observability::metrics::{Metrics, RequestMetrics};
use tenancy_observability::report::Recorder;
use tenancy_observability::sink::prometheus::Format;
use tower::layer::layer_fn;
use tower::{Service as _, ServiceExt as _};

const ROUNDS: (usize, usize) = (21, 20_000);

/// What the layer adds to a tenant's request may be so much.
const MICROSECONDS_MAX: f64 = 2.0;

/// At so many requests a second, and asked for as often as Prometheus does, all of it may take this share of
/// a processor.
const REQUESTS_PER_SECOND: f64 = 5000.0;
const SCRAPE_EVERY: f64 = 15.0;
const SHARE_MAX: f64 = 0.01;

/// A tenant's request, with all that the layer can tell and all who can hear of it.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let registry = InMemoryTenants::default();
    registry.add(&Tenant::new(TenantId::generate(), "acme".parse()?))?;
    let sources = Sources::new().subdomains_of("localhost".parse()?);
    let tenants = TenantLayer::new(&Tenants::new(registry), sources);
    let bare = Router::new()
        .route("/api/products/{id}", get("a product"))
        .layer(tenants);
    let metrics = Metrics::builder("bench").build();
    let layer = PerformanceLayer::new()
        .observe(Recorder::new())
        .observe(SlowRequests::builder().build())
        .observe(RequestMetrics::new(&metrics))
        .show_timing(|_| true);
    let (theirs, _) = PrometheusMetricLayerBuilder::new()
        .with_default_metrics()
        .build_pair();
    let measured = bare.clone().layer(layer);
    let counted = bare.clone().layer(theirs);
    // What a layer costs that does nothing: a router boxes each route and its answers anew.
    let layered = bare.clone().layer(layer_fn(|inner| inner));

    let against_bare = paired(
        "a request through the layer, against the bare router (s)",
        None,
        ROUNDS,
        async |requests| ask(&measured, requests).await,
        async |requests| ask(&bare, requests).await,
    )
    .await;
    let added = against_bare.ours - against_bare.baseline;
    report.row(against_bare);
    report.limit(
        "what the layer adds to a request (us)",
        added * 1e6,
        MICROSECONDS_MAX,
    );
    let began = Instant::now();
    black_box(Format::Text.write(&metrics.snapshot()));
    let share = added * REQUESTS_PER_SECOND + began.elapsed().as_secs_f64() / SCRAPE_EVERY;
    report.limit(
        "the share of a processor at 5,000 requests a second",
        share,
        SHARE_MAX,
    );
    let empty = paired(
        "a request through an empty layer, against the bare router (s)",
        None,
        ROUNDS,
        async |requests| ask(&layered, requests).await,
        async |requests| ask(&bare, requests).await,
    );
    report.row(empty.await);
    let against_theirs = paired(
        "a request through the layer, against axum-prometheus (s)",
        None,
        ROUNDS,
        async |requests| ask(&measured, requests).await,
        async |requests| ask(&counted, requests).await,
    );
    report.row(against_theirs.await);
    Ok(())
}

async fn ask(service: &Router, requests: usize) {
    let mut service = service.clone().into_service::<Body>();
    for _ in 0..requests {
        let request = Request::get("/api/products/7").header("host", "acme.localhost");
        let request = request.body(Body::empty()).expect("it is a request");
        let ready = service.ready().await;
        let answered = ready.expect("a router is ready").call(request).await;
        let body = answered.expect("a router answers").into_body();
        black_box(body.collect().await.expect("it is a text"));
    }
}
