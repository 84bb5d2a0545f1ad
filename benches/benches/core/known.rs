use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use axum::http::{Request, Response};
use tenancy_benches::{Report, Row, median};
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::{Address, InMemoryTenants};
use tenancy_core::resolve::{Host, Sources};
use tenancy_core::{Tenant, TenantId, Tenants};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

const CALLS: usize = 200_000;
const ROUNDS: usize = 9;
const HEADER: &str = "shop-7.shops.example:8080";

/// From the text of a `Host` header to its tenant, known already.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let registry = InMemoryTenants::default();
    for number in 0..1_000 {
        let slug = format!("shop-{number}").parse()?;
        registry.add(&Tenant::new(TenantId::generate(), slug))?;
    }
    let tenants = Tenants::new(registry);
    let base: Host = "shops.example".parse()?;
    let resolve = async || {
        let host = Host::from_authority(black_box(HEADER))?;
        let slug = host.label_under(&base).ok_or("another domain")?.parse()?;
        black_box(tenants.find(&Address::Slug(slug)).await?);
        Ok::<_, Box<dyn Error>>(())
    };
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            resolve().await?;
        }
        times.push(began.elapsed().as_secs_f64() / CALLS as f64);
    }
    report.limit("resolve a known host (s)", median(&mut times), 1e-6);
    layer(report, &tenants, base).await;
    Ok(())
}

/// The whole of what stands before a handler, against the handler alone.
async fn layer(report: &mut Report, tenants: &Tenants, base: Host) {
    let handler = service_fn(async |request: Request<()>| {
        black_box(request);
        Ok::<_, Infallible>(Response::new(Vec::new()))
    });
    let layer = TenantLayer::new(tenants, Sources::new().subdomains_of(base));
    let (ours, baseline) = (seconds(layer.layer(handler)).await, seconds(handler).await);
    report.row(Row {
        name: "a request through the tenant layer, against the handler alone (s)".to_owned(),
        ours,
        baseline,
        ratio: ours / baseline,
        budget: None,
    });
}

async fn seconds<S>(mut service: S) -> f64
where
    S: Service<Request<()>, Error = Infallible>,
{
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            let request = Request::builder().uri("/products").header("host", HEADER);
            let request = request.body(()).expect("a request");
            let ready = service.ready().await.expect("always ready");
            drop(ready.call(request).await);
        }
        times.push(began.elapsed().as_secs_f64() / CALLS as f64);
    }
    median(&mut times)
}
