use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, Tenants};
use tenancy_observability::layer::{HttpMetrics, PerformanceLayer, RequestRoute};
use tenancy_observability::metrics::{Metrics, Value};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// What was counted under a name, by tenant and labels.
fn counted(metrics: &Metrics, name: &str) -> Vec<(String, String, u64)> {
    let snapshot = metrics.snapshot();
    let Some(family) = snapshot.family(name) else {
        return vec![];
    };
    let mut counted: Vec<_> = family
        .points
        .iter()
        .map(|point| {
            let number = match &point.value {
                Value::Counter(number) => *number,
                Value::Gauge(number) => *number as u64,
                Value::Histogram { counts, .. } => counts.iter().sum(),
            };
            let labels = point.labels.iter().map(|(_, value)| value.to_string());
            let labels: Vec<_> = labels.collect();
            (point.tenant.to_string(), labels.join(" "), number)
        })
        .filter(|(_, _, number)| *number > 0)
        .collect();
    counted.sort();
    counted
}

#[tokio::test]
async fn requests_are_counted_for_their_tenants_under_methods_routes_and_ends() {
    let registry = InMemoryTenants::default();
    registry
        .add(&Tenant::new(TenantId::generate(), "acme".parse().unwrap()))
        .unwrap();
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let tenants = TenantLayer::new(&Tenants::new(registry), sources);
    let metrics = Metrics::builder("test").build();
    let layer = PerformanceLayer::new().observe(HttpMetrics::new(&metrics));
    let service = layer.layer(tenants.layer(service_fn(async |request: Request<()>| {
        let route: &RequestRoute = request.extensions().get().unwrap();
        route.set("/products/{id}");
        if request.uri().path() == "/products/never" {
            std::future::pending::<()>().await;
        }
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("product")))
    })));
    let ask = |host: &str, path: &str| {
        let request = Request::get(path).header("host", host).body(());
        service.clone().oneshot(request.unwrap())
    };
    for number in 0..3 {
        let path = format!("/products/{number}");
        let response = ask("acme.shops.test", &path).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let response = ask("made-up.shops.test", "/x").await.unwrap();
    response.into_body().collect().await.unwrap();
    let mut waiting = Box::pin(ask("acme.shops.test", "/products/never"));
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    let in_flight = || counted(&metrics, "tenancy_http_requests_in_flight");
    assert_eq!(in_flight(), [("platform".to_owned(), String::new(), 1)]);
    drop(waiting);
    assert_eq!(in_flight(), []);

    let row = |tenant: &str, labels: &str, number| (tenant.to_owned(), labels.to_owned(), number);
    let expected = [
        row("__unknown__", "GET unmatched 404", 1),
        row("acme", "GET /products/{id} 200", 3),
        row("acme", "GET /products/{id} cancelled", 1),
    ];
    assert_eq!(counted(&metrics, "tenancy_http_requests_total"), expected);
    let expected = [
        row("__unknown__", "GET unmatched", 1),
        row("acme", "GET /products/{id}", 4),
    ];
    assert_eq!(
        counted(&metrics, "tenancy_http_request_duration_seconds"),
        expected
    );
}
