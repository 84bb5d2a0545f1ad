use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_observability::layer::PerformanceLayer;
use tenancy_observability::metrics::{Metrics, RequestMetrics, Value};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::counted;

fn layer(metrics: &Metrics) -> PerformanceLayer {
    PerformanceLayer::new()
        .observe(RequestMetrics::new(metrics))
        .route(|begun| {
            begun
                .uri
                .path()
                .starts_with("/products")
                .then(|| Arc::from("/products/{id}"))
        })
}

async fn ask(layer: &PerformanceLayer, method: &str, path: &str, status: u16) {
    let shop = service_fn(move |_: Request<()>| async move {
        let mut response = Response::new(Full::<Bytes>::from("welcome"));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok::<_, Infallible>(response)
    });
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(())
        .unwrap();
    let response = layer.layer(shop).oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn a_scanner_adds_one_route_and_one_method() {
    let metrics = Metrics::builder("test").build();
    let layer = layer(&metrics);
    ask(&layer, "GET", "/products/7", 200).await;
    for at in 0..10_000 {
        ask(&layer, &format!("M{at}"), &format!("/{at}/admin.php"), 404).await;
        ask(&layer, "GET", &format!("/products/{at}"), 200).await;
    }
    let snapshot = metrics.snapshot();
    let points = &snapshot
        .family("tenancy_http_requests_total")
        .unwrap()
        .points;
    let labels: Vec<_> = points
        .iter()
        .map(|point| ["method", "route", "status"].map(|name| point.label(name).unwrap()))
        .collect();
    assert_eq!(
        labels,
        [
            ["GET", "/products/{id}", "200"],
            ["_OTHER", "unmatched", "404"]
        ]
    );
    assert_eq!(
        counted(&snapshot, "tenancy_http_requests_total")["platform"],
        20_001
    );
    let routes = &snapshot
        .family("tenancy_http_route_duration_seconds")
        .unwrap()
        .points;
    assert_eq!(routes.len(), 2);
    let in_flight = &snapshot
        .family("tenancy_http_requests_in_flight")
        .unwrap()
        .points;
    assert_eq!(in_flight[0].value, Value::Gauge(0.0));
}

#[tokio::test]
async fn two_layers_count_together_and_one_that_went_away_is_cancelled() {
    let metrics = Metrics::builder("test").build();
    for _ in 0..2 {
        let layer = layer(&metrics);
        ask(&layer, "GET", "/products/7", 200).await;
        let never = service_fn(|_: Request<()>| {
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
        });
        let waiting = layer.layer(never).oneshot(Request::new(()));
        assert!(futures_util::FutureExt::now_or_never(waiting).is_none());
    }
    let snapshot = metrics.snapshot();
    let points = &snapshot
        .family("tenancy_http_requests_total")
        .unwrap()
        .points;
    let statuses: Vec<_> = points
        .iter()
        .map(|point| (point.label("status").unwrap(), &point.value))
        .collect();
    assert_eq!(
        statuses,
        [
            ("200", &Value::Counter(2)),
            ("cancelled", &Value::Counter(2))
        ]
    );
    let in_flight = &snapshot
        .family("tenancy_http_requests_in_flight")
        .unwrap()
        .points;
    assert_eq!(in_flight[0].value, Value::Gauge(0.0));
}

#[tokio::test]
async fn routes_without_end_share_one() {
    // Room for each of them: what is bounded here is their number.
    let metrics = Metrics::builder("test").text_bytes_max(16 << 20).build();
    let layer = PerformanceLayer::new()
        .observe(RequestMetrics::new(&metrics))
        .route(|begun| Some(begun.uri.path().into()));
    for at in 0..1500 {
        ask(&layer, "GET", &format!("/{at}"), 200).await;
    }
    let snapshot = metrics.snapshot();
    let points = &snapshot
        .family("tenancy_http_requests_total")
        .unwrap()
        .points;
    let overflow = points
        .iter()
        .find(|point| point.label("route") == Some("overflow"))
        .unwrap();
    assert_eq!(overflow.value, Value::Counter(500));
    assert_eq!(points.len(), 1001);
}
