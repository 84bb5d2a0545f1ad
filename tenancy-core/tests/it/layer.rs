//! Requests and the tenants they get: sources, trust, conflicts, gates and refusals.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use jiff::SignedDuration;
use tenancy_core::client_address::{ClientAddress, PeerAddress, TrustedProxies};
use tenancy_core::layer::{
    Authenticate, Caller, OnPlatform, Refusal, RequestId, RequestSlot, TenantLayer,
};
use tenancy_core::problem::GrpcStatus;
use tenancy_core::registry::{Address, InMemoryTenants, TenantRegistry as _};
use tenancy_core::resolve::{InvalidPathPrefix, Sources};
use tenancy_core::scope::ambient_tenant_id;
use tenancy_core::tenant::{Maintenance, Status};
use tenancy_core::{Actor, Error, ErrorKind, Tenant, TenantId, TenantScope, Tenants};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use crate::log::Log;

const TENANT: HeaderName = HeaderName::from_static("x-tenant");

/// Two open tenants, `acme` with a domain of its own, and a key for each: `Bearer SLUG`.
#[derive(Clone)]
struct Town {
    registry: Arc<InMemoryTenants>,
    tenants: Tenants,
    acme: TenantId,
    bolt: TenantId,
}

impl Town {
    async fn new() -> Self {
        let registry = Arc::new(InMemoryTenants::default());
        let add = |slug: &str| {
            let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
            registry.add(&tenant).unwrap().id
        };
        let (acme, bolt) = (add("acme"), add("bolt"));
        let by = Actor::system("test");
        let domain = "acme.example".parse().unwrap();
        registry.add_domain(acme, &domain, &by).await.unwrap();
        Self {
            tenants: Tenants::new(registry.clone()),
            registry,
            acme,
            bolt,
        }
    }

    async fn change(&self, slug: &str, change: impl FnOnce(&mut Tenant)) {
        let tenants = self.registry.list(None, 10).await.unwrap();
        let mut tenant = tenants
            .into_iter()
            .find(|tenant| tenant.slug.as_str() == slug)
            .unwrap();
        change(&mut tenant);
        let by = Actor::system("test");
        self.registry.update(&tenant, &by).await.unwrap();
    }

    fn layer(&self) -> TenantLayer<Keys> {
        let sources = Sources::new()
            .subdomains_of("shops.test".parse().unwrap())
            .custom_domains()
            .path_prefix("/t")
            .unwrap()
            .header(TENANT)
            .forwarded_host();
        TenantLayer::new(&self.tenants, sources)
            .admit_platform()
            .authenticate(Keys(self.clone()))
    }
}

const WAIT: SignedDuration = SignedDuration::from_secs(7);

/// A sign-in in which the key is the tenant's slug, `stolen` is no key, `?` cannot be told, and `again` is
/// one too many.
struct Keys(Town);

impl Authenticate for Keys {
    async fn authenticate(&self, request: &Parts, _: Option<&Tenant>) -> Result<Caller, Error> {
        let Some(value) = request.headers.get("authorization") else {
            return Ok(Caller::Anonymous);
        };
        let tenant_id = match value.to_str().unwrap() {
            "Bearer acme" => self.0.acme,
            "Bearer bolt" => self.0.bolt,
            "Bearer ?" => return Err(ErrorKind::Unavailable.into()),
            "Bearer again" => return Ok(Caller::Limited { retry_after: WAIT }),
            _ => return Ok(Caller::Rejected),
        };
        let actor = Actor::key("1", "till");
        Ok(Caller::Member { tenant_id, actor })
    }
}

/// Answers what a handler sees: slug, actor, path, client.
async fn show(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let extensions = request.extensions();
    let seen = match extensions.get::<TenantScope>() {
        Some(scope) => {
            assert_eq!(ambient_tenant_id(), Some(scope.tenant_id()));
            assert_eq!(
                scope.request_id(),
                extensions.get::<RequestId>().map(RequestId::as_str)
            );
            format!(
                "{} {} {}",
                scope.tenant().slug,
                scope.actor().kind(),
                request.uri()
            )
        }
        None => {
            assert!(extensions.get::<OnPlatform>().is_some());
            format!("platform {}", request.uri())
        }
    };
    Ok(Response::new(seen.into()))
}

type Headers<'a> = &'a [(&'a str, &'a str)];

fn request(uri: &str, headers: Headers<'_>) -> Request<()> {
    let mut request = Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

async fn ask(town: &Town, request: Request<()>) -> (StatusCode, String, Option<Refusal>) {
    let response = town.layer().layer(service_fn(show)).oneshot(request);
    let response = response.await.unwrap();
    let status = response.status();
    let refusal = response.extensions().get().copied();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap(), refusal)
}

async fn admitted(town: &Town, uri: &str, headers: Headers<'_>, expected: &str) {
    let (status, body, _) = ask(town, request(uri, headers)).await;
    assert_eq!(
        (status, &*body),
        (StatusCode::OK, expected),
        "{uri} {headers:?}"
    );
}

async fn refused(town: &Town, uri: &str, headers: Headers<'_>, expected: Refusal) {
    let (_, body, refusal) = ask(town, request(uri, headers)).await;
    assert_eq!(refusal, Some(expected), "{uri} {headers:?} {body}");
}

#[tokio::test]
async fn a_host_names_its_tenant_in_every_way_it_can_be_written() {
    let town = Town::new().await;
    for host in [
        "acme.shops.test",
        "ACME.Shops.TEST",
        "acme.shops.test.",
        "acme.shops.test:8080",
        "acme.shops.test:",
        "acme.example",
        "Acme.Example.:443",
    ] {
        admitted(&town, "/x?y=1", &[("host", host)], "acme anonymous /x?y=1").await;
    }
    let authority = "http://acme.shops.test/x";
    admitted(
        &town,
        authority,
        &[],
        "acme anonymous http://acme.shops.test/x",
    )
    .await;
    admitted(&town, "/", &[("host", "shops.test:1")], "platform /").await;
}

#[tokio::test]
async fn a_host_that_names_nobody_is_not_found() {
    let town = Town::new().await;
    for host in [
        "nobody.shops.test",
        "a.acme.shops.test",
        ".shops.test",
        "acme..shops.test",
        "acmeshops.test",
        "acme.shops.test.evil.test",
        "www.acme.example",
        "xn--acme-.shops.test",
        "127.0.0.1",
        "[::1]:80",
        "acme_.shops.test",
        "",
    ] {
        refused(&town, "/", &[("host", host)], Refusal::UnknownTenant).await;
    }
    let mut old = request("/", &[]);
    *old.version_mut() = http::Version::HTTP_10;
    assert_eq!(ask(&town, old).await.2, Some(Refusal::UnknownTenant));
    assert_eq!(town.tenants.cached().0, 0);
}

#[tokio::test]
async fn a_host_that_cannot_be_read_is_a_bad_request() {
    let town = Town::new().await;
    for host in [
        "acme.shops.test@evil.test",
        "acme.shops.test:http",
        "acme.shops.test:80:80",
        "acme.shops.test/",
        "acme.shops.test, bolt.shops.test",
        "acme shops.test",
        "[::1",
    ] {
        refused(&town, "/", &[("host", host)], Refusal::InvalidHost).await;
    }
    let (status, _, refusal) = ask(&town, request("/", &[])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(refusal, Some(Refusal::InvalidHost));
    // Whoever does not look at hosts does not miss one.
    let sources = Sources::new().credential();
    let layer = TenantLayer::new(&town.tenants, sources).authenticate(Keys(town.clone()));
    let hostless = request("/", &[("authorization", "Bearer acme")]);
    let response = layer
        .layer(service_fn(show))
        .oneshot(hostless)
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_path_prefix_names_a_tenant_and_is_cut_off() {
    let town = Town::new().await;
    let base = [("host", "shops.test")];
    admitted(&town, "/t/acme/x/y?z=1", &base, "acme anonymous /x/y?z=1").await;
    admitted(&town, "/t/acme", &base, "acme anonymous /").await;
    admitted(&town, "/tt/acme", &base, "platform /tt/acme").await;
    refused(&town, "/t/nobody/", &base, Refusal::UnknownTenant).await;
    refused(&town, "/t/%61cme/", &base, Refusal::UnknownTenant).await;
    refused(&town, "/t//acme", &base, Refusal::UnknownTenant).await;
}

#[test]
fn a_path_prefix_has_plain_segments_only() {
    for prefix in ["/t", "/a-b/c_1"] {
        assert!(Sources::new().path_prefix(prefix).is_ok(), "{prefix}");
    }
    for prefix in [
        "", "/", "t", "/t/", "//t", "/t/../u", "/a b", "/%74", "/t?x",
    ] {
        let error = Sources::new().path_prefix(prefix).unwrap_err();
        assert_eq!(error, InvalidPathPrefix, "{prefix}");
    }
}

#[tokio::test]
async fn a_header_counts_only_beside_a_credential_of_its_tenant() {
    let town = Town::new().await;
    let base = ("host", "shops.test");
    let claim = ("x-tenant", "acme");
    let (acme, bolt) = (
        ("authorization", "Bearer acme"),
        ("authorization", "Bearer bolt"),
    );
    admitted(&town, "/", &[base, claim], "platform /").await;
    admitted(&town, "/", &[base, claim, acme], "acme key /").await;
    let id = town.acme.to_string();
    admitted(&town, "/", &[base, ("x-tenant", &id), acme], "acme key /").await;
    let conflict = Refusal::ConflictingTenants;
    refused(&town, "/", &[base, claim, bolt], conflict).await;
    refused(&town, "/", &[base, ("x-tenant", "nobody"), acme], conflict).await;
    refused(&town, "/", &[base, ("x-tenant", "No body"), acme], conflict).await;
    refused(&town, "/", &[base, claim, claim, acme], conflict).await;
    // Without the header the platform's host has no tenant, whatever the key.
    admitted(&town, "/", &[base, acme], "platform /").await;
    // Beside an address it can only agree, and an unproven claim is not heard.
    let shop = ("host", "acme.shops.test");
    admitted(
        &town,
        "/",
        &[shop, ("x-tenant", "bolt")],
        "acme anonymous /",
    )
    .await;
    refused(&town, "/", &[shop, ("x-tenant", "bolt"), acme], conflict).await;
}

#[tokio::test]
async fn sources_that_disagree_are_refused() {
    let town = Town::new().await;
    let conflict = Refusal::ConflictingTenants;
    let bolt = ("host", "bolt.shops.test");
    refused(&town, "/t/acme/", &[bolt], conflict).await;
    admitted(
        &town,
        "/t/acme/",
        &[("host", "acme.example")],
        "acme anonymous /",
    )
    .await;
    refused(&town, "/", &[bolt, ("host", "acme.example")], conflict).await;
    refused(&town, "http://acme.example/", &[bolt], conflict).await;
    admitted(
        &town,
        "http://acme.example/",
        &[("host", "acme.example:80")],
        "acme anonymous http://acme.example/",
    )
    .await;
}

#[tokio::test]
async fn a_credential_opens_its_own_tenant_only() {
    let town = Town::new().await;
    let shop = ("host", "acme.shops.test");
    admitted(
        &town,
        "/",
        &[shop, ("authorization", "Bearer acme")],
        "acme key /",
    )
    .await;
    for credential in ["Bearer bolt", "Bearer stolen", "Basic acme", ""] {
        let headers = [shop, ("authorization", credential)];
        refused(&town, "/", &headers, Refusal::Unauthenticated).await;
    }
    let headers = [shop, ("authorization", "Bearer ?")];
    refused(&town, "/", &headers, Refusal::RegistryUnavailable).await;
    let headers = [shop, ("authorization", "Bearer again")];
    let too_many = Refusal::TooManyCredentials { retry_after: WAIT };
    refused(&town, "/", &headers, too_many).await;
}

#[tokio::test]
async fn a_credential_names_the_tenant_where_it_is_a_source() {
    let town = Town::new().await;
    let layer = TenantLayer::new(&town.tenants, Sources::new().credential());
    let service = layer
        .authenticate(Keys(town.clone()))
        .layer(service_fn(show));
    let answer = async |headers: Headers<'_>| {
        let response = service
            .clone()
            .oneshot(request("/", headers))
            .await
            .unwrap();
        let status = response.status();
        (status, response.extensions().get::<Refusal>().copied())
    };
    let bolt: Headers<'_> = &[("authorization", "Bearer bolt"), ("host", "api.test")];
    assert_eq!(answer(bolt).await, (StatusCode::OK, None));
    let unknown = (StatusCode::NOT_FOUND, Some(Refusal::UnknownTenant));
    assert_eq!(answer(&[]).await, unknown);
    town.change("bolt", |tenant| tenant.status = Status::Suspended)
        .await;
    let suspended = (StatusCode::FORBIDDEN, Some(Refusal::Suspended));
    assert_eq!(answer(bolt).await, suspended);
}

#[tokio::test]
async fn a_credential_opens_nothing_where_the_address_names_nobody() {
    let town = Town::new().await;
    let sources = || Sources::new().credential().forwarded_host();
    let proxies = || TrustedProxies::networks(["10.0.0.0/8".parse().unwrap()]);
    let base = "shops.test".parse().unwrap();
    let layer = TenantLayer::new(&town.tenants, sources().subdomains_of(base))
        .trusted_proxies(proxies())
        .admit_platform()
        .authenticate(Keys(town.clone()));
    let check = async |layer: &TenantLayer<Keys>, headers: Headers<'_>, expected| {
        let mut request = request("/", headers);
        let peer = PeerAddress("10.0.0.1".parse().unwrap());
        request.extensions_mut().insert(peer);
        let service = layer.layer(service_fn(show));
        let response = service.oneshot(request).await.unwrap();
        let refusal: Option<Refusal> = response.extensions().get().copied();
        assert_eq!(refusal, expected, "{headers:?}");
    };
    let unknown = Some(Refusal::UnknownTenant);
    let (upstream, acme) = (("host", "10.0.0.9"), ("authorization", "Bearer acme"));
    check(&layer, &[("host", "nobody.shops.test"), acme], unknown).await;
    check(&layer, &[upstream, acme], unknown).await;
    for forwarded in ["nobody.shops.test", "no host", "elsewhere.test"] {
        let headers = [upstream, ("x-forwarded-host", forwarded), acme];
        check(&layer, &headers, unknown).await;
    }
    check(&layer, &[("host", "shops.test"), acme], None).await;
    // No address at all is not the platform's.
    let layer = TenantLayer::new(&town.tenants, sources())
        .admit_platform()
        .authenticate(Keys(town.clone()));
    check(&layer, &[acme], None).await;
    check(&layer, &[("host", "shops.test")], unknown).await;
}

/// A layer that trusts 10.0.0.0/8, asked by a peer with these headers.
async fn ask_through(
    town: &Town,
    peer: Option<&str>,
    headers: Headers<'_>,
) -> (String, Option<Refusal>, Option<String>) {
    let networks = ["10.0.0.0/8".parse().unwrap()];
    let layer = town
        .layer()
        .trusted_proxies(TrustedProxies::networks(networks));
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let client = request.extensions().get::<ClientAddress>().copied();
        let mut response = show(request).await?;
        response.extensions_mut().insert(client);
        Ok::<_, Infallible>(response)
    }));
    let mut request = request("/", headers);
    let peer = peer.map(|peer| PeerAddress(peer.parse::<IpAddr>().unwrap()));
    peer.map(|peer| request.extensions_mut().insert(peer));
    let response = service.oneshot(request).await.unwrap();
    let client = response.extensions().get::<Option<ClientAddress>>();
    let client = client.and_then(|client| client.map(|client| client.0.to_string()));
    let refusal = response.extensions().get().copied();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (String::from_utf8(body.to_vec()).unwrap(), refusal, client)
}

#[tokio::test]
async fn a_forwarded_host_counts_only_from_a_trusted_proxy() {
    let town = Town::new().await;
    let ask = async |peer: Option<&str>, host: &str| {
        let headers = [
            ("host", host),
            ("x-forwarded-host", "acme.example"),
            ("x-forwarded-for", "2.2.2.2"),
        ];
        let (body, _, client) = ask_through(&town, peer, &headers).await;
        (body, client)
    };
    let some = |client: &str| Some(client.to_owned());
    let ours = ("acme anonymous /".to_owned(), some("2.2.2.2"));
    for upstream in [
        "upstream.internal",
        "localhost:8080",
        "10.1.1.1",
        "shops.test",
    ] {
        assert_eq!(ask(Some("10.1.2.3"), upstream).await, ours, "{upstream}");
    }
    let theirs = ("bolt anonymous /".to_owned(), some("9.9.9.9"));
    assert_eq!(ask(Some("9.9.9.9"), "bolt.shops.test").await, theirs);
    let nobodys = ("bolt anonymous /".to_owned(), None);
    assert_eq!(ask(None, "bolt.shops.test").await, nobodys);
}

#[tokio::test]
async fn a_client_cannot_choose_the_shop_past_the_host_that_its_proxy_passed_on() {
    let town = Town::new().await;
    let check = async |host: &str, forwarded: &[&str], expected: Result<&str, Refusal>| {
        let mut headers = vec![("host", host)];
        headers.extend(forwarded.iter().map(|value| ("x-forwarded-host", *value)));
        let (body, refusal, _) = ask_through(&town, Some("10.1.2.3"), &headers).await;
        let answer = refusal.map_or(Ok(body.as_str()), Err);
        assert_eq!(answer, expected, "{headers:?}");
    };
    let acme = Ok("acme anonymous /");
    let conflict = Err(Refusal::ConflictingTenants);
    let unknown = Err(Refusal::UnknownTenant);
    check("acme.example", &["bolt.shops.test"], conflict).await;
    check("acme.example", &["acme.shops.test"], acme).await;
    // What names no tenant overrules none.
    check("acme.example", &["shops.test"], acme).await;
    check("acme.example", &["nobody.test"], acme).await;
    check("acme.example", &["no host"], acme).await;
    check("acme.example", &[""], acme).await;
    // A list is every name in it, however it is written.
    check("10.0.0.9", &["acme.example, proxy.internal"], acme).await;
    check("10.0.0.9", &["acme.example,acme.shops.test:443"], acme).await;
    check("10.0.0.9", &["acme.example, bolt.shops.test"], conflict).await;
    check("10.0.0.9", &["acme.example", "bolt.shops.test"], conflict).await;
    check(
        "acme.example",
        &["proxy.internal, bolt.shops.test"],
        conflict,
    )
    .await;
    // Without a tenant among them, the name nearest to the client decides.
    check(
        "10.0.0.9",
        &["shops.test, proxy.internal"],
        Ok("platform /"),
    )
    .await;
    check("10.0.0.9", &["nobody.test, shops.test"], unknown).await;
    check("shops.test", &["nobody.test"], unknown).await;
    check("shops.test", &["no host"], unknown).await;
    // A list may not cost any number of look-ups.
    let eight = ["acme.example"; 8].join(",");
    check("acme.example", &[&eight], acme).await;
    check("acme.example", &[&eight, "acme.example"], conflict).await;
}

#[tokio::test(start_paused = true)]
async fn an_upstreams_name_is_looked_up_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let tenants = Tenants::from_fn(move |address| {
        count.fetch_add(1, Ordering::AcqRel);
        let found = (address == Address::Slug(acme.slug.clone())).then(|| acme.clone());
        async move { Ok(found) }
    });
    let sources = Sources::new()
        .subdomains_of("shops.test".parse().unwrap())
        .custom_domains()
        .forwarded_host();
    let proxies = TrustedProxies::networks(["10.0.0.0/8".parse().unwrap()]);
    let layer = TenantLayer::new(&tenants, sources).trusted_proxies(proxies);
    let service = layer.layer(service_fn(show));
    for _ in 0..3 {
        let headers = [
            ("host", "upstream"),
            ("x-forwarded-host", "acme.shops.test"),
        ];
        let mut request = request("/", &headers);
        let peer = PeerAddress("10.0.0.1".parse().unwrap());
        request.extensions_mut().insert(peer);
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(asked.load(Ordering::Acquire), 2);
    assert_eq!(tenants.cached(), (1, 1));
}

#[tokio::test]
async fn the_state_of_a_tenant_decides_before_anybody_signs_in() {
    let town = Town::new().await;
    let shop = [
        ("host", "acme.shops.test"),
        ("authorization", "Bearer stolen"),
    ];
    let check = async |status: StatusCode, kind: &str, retry_after: Option<&str>| {
        let service = town.layer().layer(service_fn(show));
        let response = service.oneshot(request("/", &shop)).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(response.headers()["cache-control"], "no-store");
        let header = |name| Some(response.headers().get(name)?.to_str().unwrap());
        assert_eq!(header("retry-after"), retry_after);
        let challenge = (status == StatusCode::UNAUTHORIZED).then_some("Bearer");
        assert_eq!(header("www-authenticate"), challenge);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert!(
            problem["type"].as_str().unwrap().ends_with(kind),
            "{problem}"
        );
        assert_eq!(problem["status"], status.as_u16());
    };
    check(StatusCode::UNAUTHORIZED, "#unauthenticated", None).await;
    town.change("acme", |tenant| {
        tenant.maintenance = Maintenance::On {
            retry_after_seconds: 300,
        };
    })
    .await;
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    check(unavailable, "#tenant-in-maintenance", Some("300")).await;
    town.change("acme", |tenant| tenant.status = Status::Suspended)
        .await;
    check(StatusCode::FORBIDDEN, "#tenant-suspended", None).await;
    town.change("acme", |tenant| tenant.status = Status::Archived)
        .await;
    check(StatusCode::GONE, "#tenant-archived", None).await;
    town.change("acme", |tenant| tenant.status = Status::Provisioning)
        .await;
    check(unavailable, "#tenant-provisioning", Some("5")).await;
}

#[tokio::test]
async fn a_registry_that_is_away_is_never_taken_for_a_missing_tenant() {
    let tenants = Tenants::from_fn(async |_| Err(ErrorKind::Unavailable.into()));
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let service = TenantLayer::new(&tenants, sources).layer(service_fn(show));
    let request = request("/", &[("host", "acme.shops.test")]);
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "5");
}

#[tokio::test]
async fn an_outer_layer_reads_the_scope_from_its_slot() {
    let town = Town::new().await;
    let slot = RequestSlot::default();
    let mut open = request("/", &[("host", "acme.shops.test")]);
    open.extensions_mut().insert(slot.clone());
    open.extensions_mut()
        .insert(RequestId::new("outer-1").unwrap());
    ask(&town, open).await;
    let scope = slot.scope().unwrap();
    assert_eq!(scope.tenant_id(), town.acme);
    assert_eq!(scope.request_id(), Some("outer-1"));

    let slot = RequestSlot::default();
    let mut closed = request("/", &[("host", "nobody.shops.test")]);
    closed.extensions_mut().insert(slot.clone());
    ask(&town, closed).await;
    assert!(slot.scope().is_none() && !slot.is_on_platform());

    let slot = RequestSlot::default();
    let mut platform = request("/", &[("host", "shops.test")]);
    platform.extensions_mut().insert(slot.clone());
    ask(&town, platform).await;
    assert!(slot.scope().is_none() && slot.is_on_platform());
}

#[tokio::test]
async fn a_scope_that_came_with_the_request_is_thrown_away() {
    let town = Town::new().await;
    let scope = town
        .tenants
        .scope(
            town.bolt,
            Actor::system("nested"),
            tenancy_core::Purpose::Request,
        )
        .await
        .unwrap();
    let mut request = request("/", &[("host", "shops.test")]);
    request.extensions_mut().insert(scope);
    let (_, body, _) = ask(&town, request).await;
    assert_eq!(body, "platform /");
}

#[tokio::test]
async fn the_mark_of_the_platforms_host_does_not_come_with_a_tenants_request() {
    let town = Town::new().await;
    let seen = service_fn(async |request: Request<()>| {
        let mut response = Response::new(Full::<Bytes>::default());
        let mark: Option<OnPlatform> = request.extensions().get().copied();
        response.extensions_mut().insert(mark);
        Ok::<_, Infallible>(response)
    });
    let service = town.layer().layer(seen);
    let mark = async |request: Request<()>| {
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        *response.extensions().get::<Option<OnPlatform>>().unwrap()
    };
    let outer = mark(request("/", &[("host", "shops.test")])).await;
    let mut nested = request("/", &[("host", "acme.shops.test")]);
    nested.extensions_mut().insert(outer.unwrap());
    assert!(mark(nested).await.is_none());
}

#[tokio::test]
async fn the_platform_host_is_unknown_unless_it_is_admitted() {
    let town = Town::new().await;
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let service = TenantLayer::new(&town.tenants, sources).layer(service_fn(show));
    let request = request("/", &[("host", "shops.test")]);
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_tenants_own_domain_names_nobody_unless_domains_are_a_source() {
    let town = Town::new().await;
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let service = TenantLayer::new(&town.tenants, sources).layer(service_fn(show));
    let request = request("/", &[("host", "acme.example")]);
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(town.tenants.cached(), (0, 0));
}

/// Ready only once it has been asked, as a rate limit or a load balancer is; a clone is not.
#[derive(Debug, Default)]
struct ReadyWhenAsked(bool);

impl Clone for ReadyWhenAsked {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl Service<Request<()>> for ReadyWhenAsked {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(self.0, "called before it was ready");
        ready(Ok(Response::default()))
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    let town = Town::new().await;
    let mut service = town.layer().layer(ReadyWhenAsked::default());
    for host in ["acme.shops.test", "shops.test"] {
        let ready = service.ready().await.unwrap();
        let response = ready.call(request("/", &[("host", host)])).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_grpc_client_is_refused_in_its_own_words() {
    let town = Town::new().await;
    let service = town.layer().refuse(GrpcStatus).layer(service_fn(show));
    let request = request("/", &[("host", "nobody.shops.test")]);
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    assert_eq!(response.headers()["grpc-status"], "5");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn an_axum_handler_gets_its_scope_or_an_honest_refusal() {
    use axum::body::Body;
    use axum::{Router, routing::get};

    let town = Town::new().await;
    let bare = Router::new()
        .route(
            "/",
            get(async |scope: TenantScope| scope.tenant().slug.to_string()),
        )
        .route(
            "/both",
            get(async |scope: Option<TenantScope>| scope.is_some().to_string()),
        );
    let layered = bare.clone().layer(town.layer());
    let check = async |router: &Router, host: &str, path: &str, expected: (u16, &str)| {
        let request = Request::get(path).header("host", host).body(Body::empty());
        let response = router.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(status, expected.0, "{host}{path} {body}");
        assert!(body.contains(expected.1), "{host}{path} {body}");
    };
    check(&layered, "acme.shops.test", "/", (200, "acme")).await;
    check(&layered, "acme.shops.test", "/both", (200, "true")).await;
    check(&layered, "shops.test", "/both", (200, "false")).await;
    check(&layered, "shops.test", "/", (404, "unknown-tenant")).await;
    check(
        &bare,
        "acme.shops.test",
        "/",
        (500, "Internal Server Error"),
    )
    .await;
    check(
        &bare,
        "acme.shops.test",
        "/both",
        (500, "Internal Server Error"),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_every_request_meets_is_logged_once_in_a_while() {
    let tenants = Tenants::from_fn(|_| async { Err(ErrorKind::Unavailable.into()) });
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let service = TenantLayer::new(&tenants, sources).layer(service_fn(show));
    let log = Log::default();
    let _listening = log.listen();
    let ask = async || {
        let request = request("/", &[("host", "acme.shops.test")]);
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        log.count("could not be looked up")
    };
    for _ in 0..100 {
        assert_eq!(ask().await, 1);
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!((ask().await, log.count("left_out=99")), (2, 1));
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_peer_that_axum_noted_is_the_peer() {
    use axum::extract::ConnectInfo;
    use std::net::SocketAddr;

    let town = Town::new().await;
    let proxies = TrustedProxies::networks(["10.0.0.0/8".parse().unwrap()]);
    let layer = town.layer().trusted_proxies(proxies);
    let service = layer.layer(service_fn(async |request: Request<()>| {
        let client: ClientAddress = *request.extensions().get().unwrap();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(client.0.to_string())))
    }));
    let check = async |peer: &str, expected: &str| {
        let headers = [("host", "acme.shops.test"), ("x-forwarded-for", "2.2.2.2")];
        let mut request = request("/", &headers);
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = service.clone().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected, "{peer}");
    };
    check("10.1.2.3:4711", "2.2.2.2").await;
    check("[::ffff:10.1.2.3]:4711", "2.2.2.2").await;
    check("9.9.9.9:4711", "9.9.9.9").await;
}
