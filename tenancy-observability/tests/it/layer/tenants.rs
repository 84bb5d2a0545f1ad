//! Whose a request was.

use std::convert::Infallible;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tenancy_core::layer::{Authenticate, Caller, TenantLayer};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Actor, Error, Tenant, TenantId, TenantScope, Tenants};
use tenancy_observability::layer::PerformanceLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::headers::timings;
use super::witness::Witness;

/// Knows everybody who says `yes`.
struct SignIn;

impl Authenticate for SignIn {
    async fn authenticate(
        &self,
        request: &Parts,
        tenant: Option<&Tenant>,
    ) -> Result<Caller, Error> {
        Ok(match (request.headers.get("authorization"), tenant) {
            (Some(_), Some(tenant)) => Caller::Member {
                tenant_id: tenant.id,
                actor: Actor::user("1", "Ada"),
            },
            _ => Caller::Anonymous,
        })
    }
}

#[tokio::test]
async fn a_request_is_the_tenant_s_or_the_platform_s_or_of_somebody_made_up() {
    let registry = InMemoryTenants::default();
    registry
        .add(&Tenant::new(TenantId::generate(), "acme".parse().unwrap()))
        .unwrap();
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let tenants = TenantLayer::new(&Tenants::new(registry), sources)
        .admit_platform()
        .authenticate(SignIn);
    let witness = Witness::default();
    let layer = PerformanceLayer::new().observe(witness.clone());
    let service = layer.layer(tenants.layer(service_fn(async |request: Request<()>| {
        if let Some(scope) = request.extensions().get::<TenantScope>() {
            scope.meter().count_cache_hits(3);
        }
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    })));
    let ask = async |host: &str, signed_in: bool| {
        let mut request = Request::get("/").header("host", host);
        if signed_in {
            request = request.header("authorization", "yes");
        }
        let response = service.clone().oneshot(request.body(()).unwrap()).await;
        let headers = response.unwrap().headers().clone();
        (witness.all().pop().unwrap(), headers)
    };
    let (seen, headers) = ask("acme.shops.test", false).await;
    assert_eq!((&*seen.party, seen.is_tenant), ("acme", true));
    assert!(seen.request_id.is_some());
    assert_eq!(seen.spent.cache_lookups.unwrap().hits, 3);
    assert_eq!(seen.spent.database.unwrap().calls, 0);
    assert_eq!(headers.get("server-timing"), None);

    let (_, headers) = ask("acme.shops.test", true).await;
    let names: Vec<_> = timings(&headers)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["db", "cache", "cpu", "wait"]);

    let (seen, _) = ask("shops.test", false).await;
    assert_eq!((&*seen.party, seen.is_tenant), ("platform", false));
    assert!(seen.spent.database.is_none() && seen.spent.cache_lookups.is_none());
    let (seen, _) = ask("made-up.shops.test", true).await;
    assert_eq!((&*seen.party, seen.is_tenant), ("__unknown__", false));
    assert_eq!(seen.status, Some(404));
}
