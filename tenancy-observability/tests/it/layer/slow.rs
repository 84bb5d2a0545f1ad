use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, Tenants};
use tenancy_observability::layer::{PerformanceLayer, SlowRequests};
use tokio::time::sleep;
use tower::{Layer as _, ServiceExt as _, service_fn};

#[tokio::test(start_paused = true)]
async fn slow_requests_are_kept_from_the_threshold_on_and_a_busy_tenant_hides_no_other() {
    let registry = InMemoryTenants::default();
    let [acme, bolt] = ["acme", "bolt"].map(|slug| {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        registry.add(&tenant).unwrap().id
    });
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let tenants = TenantLayer::new(&Tenants::new(registry), sources);
    let slow = SlowRequests::builder()
        .threshold(Duration::from_millis(500))
        .capacity(10)
        .build();
    let layer = PerformanceLayer::new().observe(slow.clone());
    let service = layer.layer(tenants.layer(service_fn(async |request: Request<()>| {
        let milliseconds = request.uri().path()[1..].parse().unwrap();
        sleep(Duration::from_millis(milliseconds)).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    })));
    let ask = async |host: &str, milliseconds: u64| {
        let request = Request::get(format!("/{milliseconds}")).header("host", host);
        let request = request.body(()).unwrap();
        service.clone().oneshot(request).await.unwrap();
    };
    ask("bolt.shops.test", 499).await;
    assert_eq!(slow.newest(10).len(), 0);
    ask("bolt.shops.test", 500).await;
    ask("bolt.shops.test", 600).await;
    for milliseconds in 1000..1100 {
        ask("acme.shops.test", milliseconds).await;
    }
    let times = |kept: Vec<tenancy_observability::layer::SlowRequest>| {
        let times = kept.iter().map(|slow| slow.spent.total.as_millis());
        times.collect::<Vec<_>>()
    };
    assert_eq!(times(slow.newest_of(bolt, 10)), [600, 500]);
    assert_eq!(times(slow.newest_of(acme, 3)), [1099, 1098, 1097]);
    assert_eq!(slow.newest(100).len(), 10);
    let newest = slow.newest(1);
    assert_eq!(
        (newest[0].tenant_id, &*newest[0].party),
        (Some(acme), "acme")
    );
    assert_eq!(newest[0].trace_id.len(), 32);
    let said = serde_json::to_value(&newest[0]).unwrap();
    let (spent, outcome) = (&said["spent"], &said["outcome"]);
    assert_eq!(
        (&spent["total"], &spent["wait"]),
        (&1099.0.into(), &1099.0.into())
    );
    assert_eq!(
        (&spent["database"], &spent["queries"]),
        (&0.0.into(), &0.into())
    );
    assert_eq!(
        (outcome, &said["status"]),
        (&"answered".into(), &200.into())
    );
}
