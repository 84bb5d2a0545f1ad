//! Which pages' requests are let through, by what their browsers say: the rules of Go's
//! `CrossOriginProtection` row by row, and what is stricter here.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_core::TenantScope;
use tenancy_core::client_address::PeerAddress;
use tenancy_core::problem::{GrpcStatus, Problem};
use tenancy_security::PeekedBody;
use tenancy_security::csrf::{Csrf, CsrfLayer, Refusal};
use tenancy_security::origin::{Origin, Origins};
use tenancy_security::public_scheme::{OverTls, PublicScheme};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use crate::two_tenants::{TwoTenants, proxies};

type Body = Full<Bytes>;

const TRUSTED: &str = "https://trusted.example";
const ATTACKER: &str = "https://attacker.example";

/// Answers 200 with the body it was sent.
fn guarded<R>(
    layer: &CsrfLayer<R>,
) -> Csrf<
    impl Service<Request<PeekedBody<Body>>, Response = Response<Body>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
    R,
> {
    layer.layer(service_fn(async |request: Request<PeekedBody<Body>>| {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok(Response::new(Body::new(body)))
    }))
}

/// Requests of one kind; each is sent with what a case adds.
struct Sender {
    layer: CsrfLayer,
    host: &'static str,
    peer: Option<&'static str>,
    over_tls: bool,
}

impl Sender {
    fn new(layer: CsrfLayer) -> Self {
        Self {
            layer,
            host: "example.com",
            peer: None,
            over_tls: false,
        }
    }

    fn host(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    fn peer(mut self, peer: &'static str) -> Self {
        self.peer = Some(peer);
        self
    }

    fn over_tls(mut self) -> Self {
        self.over_tls = true;
        self
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.host);
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        if let Some(peer) = self.peer {
            request = request.extension(PeerAddress(peer.parse().unwrap()));
        }
        if self.over_tls {
            request = request.extension(OverTls);
        }
        let request = request.body(Body::from("body")).unwrap();
        guarded(&self.layer).oneshot(request).await.unwrap()
    }

    async fn check(&self, headers: &[(&str, &str)], expected: Result<(), Refusal>) {
        let response = self.send(Method::POST, "/", headers).await;
        let refusal = response.extensions().get::<Refusal>().copied();
        assert_eq!(refusal, expected.err(), "{headers:?}");
        let status = match expected {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::FORBIDDEN,
        };
        assert_eq!(response.status(), status, "{headers:?}");
    }

    async fn check_path(&self, path: &str, headers: &[(&str, &str)], expected: StatusCode) {
        let response = self.send(Method::POST, path, headers).await;
        assert_eq!(response.status(), expected, "{path} {headers:?}");
    }
}

const OK: StatusCode = StatusCode::OK;
const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;

/// Behaviour 15, the rows of `TestCrossOriginProtectionSecFetchSite`.
#[tokio::test]
async fn a_request_passes_as_in_go_by_what_its_browser_says() {
    let sender = Sender::new(CsrfLayer::new());
    let check = async |method: Method, headers: &[(&str, &str)], expected: StatusCode| {
        let response = sender.send(method.clone(), "/", headers).await;
        assert_eq!(response.status(), expected, "{method} {headers:?}");
    };
    let (site, origin) = ("sec-fetch-site", "origin");
    check(Method::POST, &[(site, "same-origin")], OK).await;
    check(Method::POST, &[(site, "none")], OK).await;
    check(Method::POST, &[(site, "cross-site")], FORBIDDEN).await;
    check(Method::POST, &[(site, "same-site")], FORBIDDEN).await;
    check(Method::POST, &[], OK).await;
    check(Method::POST, &[(origin, "https://example.com")], OK).await;
    check(Method::POST, &[(origin, ATTACKER)], FORBIDDEN).await;
    check(Method::POST, &[(origin, "null")], FORBIDDEN).await;
    check(Method::GET, &[(site, "cross-site")], OK).await;
    check(Method::HEAD, &[(site, "cross-site")], OK).await;
    check(Method::OPTIONS, &[(site, "cross-site")], OK).await;
    check(Method::PUT, &[(site, "cross-site")], FORBIDDEN).await;
    // Not in Go's table: nothing else is safe.
    check(Method::DELETE, &[(site, "cross-site")], FORBIDDEN).await;
    check(Method::PATCH, &[(site, "cross-site")], FORBIDDEN).await;
    check(Method::TRACE, &[(site, "cross-site")], FORBIDDEN).await;
    let own = Method::from_bytes(b"get").unwrap();
    check(own, &[(site, "cross-site")], FORBIDDEN).await;
}

/// Behaviour 15, the rows of `TestCrossOriginProtectionTrustedOriginBypass`.
#[tokio::test]
async fn a_trusted_origin_passes_with_and_without_fetch_metadata() {
    let trusted: Origins = [TRUSTED.parse().unwrap()].into_iter().collect();
    let sender = Sender::new(CsrfLayer::new().trusted(trusted));
    let (site, refused) = (("sec-fetch-site", "cross-site"), Err(Refusal::CrossOrigin));
    sender.check(&[("origin", TRUSTED)], Ok(())).await;
    sender.check(&[("origin", TRUSTED), site], Ok(())).await;
    sender.check(&[("origin", ATTACKER)], refused).await;
    sender.check(&[("origin", ATTACKER), site], refused).await;
    // Trust is exact.
    for near in [
        "https://trusted.example:8443",
        "http://trusted.example",
        "https://www.trusted.example",
        "https://trusted.example.attacker.example",
        "https://trusted.example/",
        "https://TRUSTED.example",
        "https://trusted.example, https://attacker.example",
    ] {
        sender.check(&[("origin", near)], refused).await;
        sender.check(&[("origin", near), site], refused).await;
    }
    let bogus = ("sec-fetch-site", "bogus");
    let unknown = Err(Refusal::UnknownFetchSite);
    sender.check(&[("origin", TRUSTED), bogus], unknown).await;
}

/// Behaviour 15, the rows of `TestCrossOriginProtectionPatternBypass`; the two that its first release
/// let through by way of a redirect (GO-2025-3955) are refused.
#[tokio::test]
async fn an_exempt_path_passes_from_anywhere_and_its_neighbours_do_not() {
    let layer = CsrfLayer::new()
        .exempt("/bypass/".parse().unwrap())
        .exempt("/only/{}".parse().unwrap());
    let sender = Sender::new(layer);
    let site = ("sec-fetch-site", "cross-site");
    let origin = ("origin", ATTACKER);
    sender.check_path("/bypass/", &[origin], OK).await;
    sender.check_path("/bypass/", &[origin, site], OK).await;
    sender.check_path("/api/", &[origin], FORBIDDEN).await;
    sender.check_path("/api/", &[origin, site], FORBIDDEN).await;
    sender
        .check_path("/foo/../bypass/bar", &[origin], FORBIDDEN)
        .await;
    sender.check_path("/bypass", &[origin], FORBIDDEN).await;
    sender
        .check_path("/foo/../api/bar", &[origin], FORBIDDEN)
        .await;
    sender.check_path("/api", &[origin], FORBIDDEN).await;
    sender.check_path("/only/123", &[origin], OK).await;
    sender
        .check_path("/only/123/foo", &[origin], FORBIDDEN)
        .await;
}

/// Behaviour 15, the rows of `TestCrossOriginProtectionSetDenyHandler`.
#[tokio::test]
async fn what_a_refusal_looks_like_is_the_servers_choice() {
    let post = || {
        let request = Request::post("/").header("sec-fetch-site", "cross-site");
        request.body(Body::default()).unwrap()
    };
    let teapot = |_: &Problem, _: &http::request::Parts| {
        let mut response = Response::new(Body::from("custom error"));
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        response
    };
    let own = guarded(&CsrfLayer::new().refuse(teapot));
    let refused = own.clone().oneshot(post()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::IM_A_TEAPOT);
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "custom error");
    let get = Request::get("/").body(Body::default()).unwrap();
    assert_eq!(own.oneshot(get).await.unwrap().status(), OK);

    let refused = guarded(&CsrfLayer::new()).oneshot(post()).await.unwrap();
    assert_eq!(refused.status(), FORBIDDEN);
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );

    let expired = CsrfLayer::new().page_expired();
    let refused = guarded(&expired).oneshot(post()).await.unwrap();
    assert_eq!(refused.status().as_u16(), 419);
    let body = refused.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["title"], "Page Expired");
    assert_eq!(problem["status"], 419);

    let grpc = guarded(&CsrfLayer::new().refuse(GrpcStatus));
    let refused = grpc.oneshot(post()).await.unwrap();
    assert_eq!(refused.headers()["grpc-status"], "7");
}

/// Behaviour 15, `TestCrossOriginProtectionAddingBypassesConcurrently`.
#[tokio::test(flavor = "multi_thread")]
async fn an_origin_is_trusted_from_the_request_after_it_was_added() {
    let trusted = Origins::new();
    let sender = Sender::new(CsrfLayer::new().trusted(trusted.clone()));
    let origin: Origin = "https://concurrent.example".parse().unwrap();
    let headers = [
        ("origin", "https://concurrent.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    sender.check(&headers, Err(Refusal::CrossOrigin)).await;
    let service = guarded(&sender.layer);
    let meanwhile = tokio::spawn(async move {
        for _ in 0..10 {
            let request = Request::post("/").header("host", "example.com");
            let request = request.body(Body::default()).unwrap();
            assert_eq!(service.clone().oneshot(request).await.unwrap().status(), OK);
        }
    });
    trusted.add(origin.clone());
    sender.check(&headers, Ok(())).await;
    meanwhile.await.unwrap();
    trusted.remove(&origin);
    sender.check(&headers, Err(Refusal::CrossOrigin)).await;
}

/// Behaviour 15, the rows of `TestCrossOriginProtectionServer`, whose server listens on a loopback
/// address without TLS.
#[tokio::test]
async fn a_server_without_tls_on_loopback_knows_its_own_pages() {
    let trusted: Origins = [TRUSTED.parse().unwrap()].into_iter().collect();
    let layer = CsrfLayer::new()
        .trusted(trusted)
        .exempt("/bypass/".parse().unwrap());
    let sender = Sender::new(layer).host("127.0.0.1:4711");
    let attacker = ("origin", ATTACKER);
    let cross_site = ("sec-fetch-site", "cross-site");
    sender
        .check_path("/", &[attacker, cross_site], FORBIDDEN)
        .await;
    sender
        .check_path("/", &[("sec-fetch-site", "same-origin")], OK)
        .await;
    sender
        .check_path("/", &[("origin", "http://127.0.0.1:4711")], OK)
        .await;
    sender.check_path("/", &[("origin", TRUSTED)], OK).await;
    sender.check_path("/", &[attacker], FORBIDDEN).await;
    sender.check_path("/bypass/", &[attacker], OK).await;
    // Another port is another origin.
    sender
        .check_path("/", &[("origin", "http://127.0.0.1:4712")], FORBIDDEN)
        .await;
    sender
        .check_path("/", &[("origin", "http://127.0.0.1")], FORBIDDEN)
        .await;
}

/// Behaviour 15, what Go lets through.
#[tokio::test]
async fn what_no_browser_of_the_site_would_say_is_refused() {
    let sender = Sender::new(CsrfLayer::new().scheme(PublicScheme::https()));
    let unknown = Err(Refusal::UnknownFetchSite);
    for value in ["bogus", "Same-Origin", "same-origin, none", " ", "", "é"] {
        sender.check(&[("sec-fetch-site", value)], unknown).await;
    }
    let twice = [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
    ];
    sender.check(&twice, unknown).await;

    let same_origin = ("sec-fetch-site", "same-origin");
    let (null, hidden) = (("origin", "null"), Err(Refusal::NullOrigin));
    sender.check(&[null], hidden).await;
    sender.check(&[null, same_origin], hidden).await;
    sender
        .check(&[null, ("sec-fetch-site", "none")], hidden)
        .await;
    sender
        .check(&[null, ("sec-fetch-site", "cross-site")], hidden)
        .await;

    let plain = ("origin", "http://example.com");
    let insecure = Err(Refusal::InsecureOrigin);
    sender.check(&[plain], insecure).await;
    sender.check(&[plain, same_origin], insecure).await;
    let own = ("origin", "https://example.com");
    sender.check(&[own, same_origin], Ok(())).await;

    let cross_origin = Err(Refusal::CrossOrigin);
    for origin in [
        "",
        "example.com",
        "https://",
        "https://example.com.attacker.example",
        "https://attacker.example/example.com",
        "https://user@example.com",
        "ftp://example.com",
        "https://example.com https://attacker.example",
    ] {
        sender.check(&[("origin", origin)], cross_origin).await;
    }
    sender
        .check(&[own, ("origin", ATTACKER)], cross_origin)
        .await;
    sender
        .check(&[own, ("host", "attacker.example")], cross_origin)
        .await;
}

#[tokio::test]
async fn a_page_without_tls_speaks_for_a_site_only_where_that_is_known_to_have_none() {
    let (plain, own) = (
        ("origin", "http://example.com"),
        ("origin", "https://example.com"),
    );
    let (http, https) = (
        ("x-forwarded-proto", "http"),
        ("x-forwarded-proto", "https"),
    );
    let refused = Err(Refusal::InsecureOrigin);
    let told = || CsrfLayer::new().scheme(PublicScheme::told_by(proxies()));

    // Nobody has said anything.
    let sender = Sender::new(CsrfLayer::new());
    sender.check(&[plain], refused).await;
    sender.check(&[plain, http], refused).await;
    sender.check(&[own], Ok(())).await;

    let sender = Sender::new(told()).peer("10.0.0.1");
    sender.check(&[plain, http], Ok(())).await;
    sender.check(&[plain, https], refused).await;
    let standard = ("forwarded", "for=1.2.3.4;proto=http");
    sender.check(&[plain, standard], refused).await;
    sender.check(&[plain, standard, http], Ok(())).await;
    sender.check(&[plain, http, https], refused).await;
    sender.check(&[own, https], Ok(())).await;

    let stranger = Sender::new(told()).peer("203.0.113.9");
    stranger.check(&[plain, http], refused).await;

    let sender = Sender::new(CsrfLayer::new()).over_tls();
    sender.check(&[plain], refused).await;
    let sender = Sender::new(CsrfLayer::new().scheme(PublicScheme::http()));
    sender.check(&[plain], Ok(())).await;

    let local = Sender::new(CsrfLayer::new()).host("acme.localhost:8080");
    local
        .check(&[("origin", "http://acme.localhost:8080")], Ok(()))
        .await;
    local
        .check(
            &[("origin", "http://bolt.localhost:8080")],
            Err(Refusal::CrossOrigin),
        )
        .await;
    let local = local.over_tls();
    local
        .check(&[("origin", "http://acme.localhost:8080")], refused)
        .await;
}

#[tokio::test]
async fn a_port_that_goes_without_saying_may_be_said() {
    let check = async |host: &'static str, origin: &str, expected: Result<(), Refusal>| {
        let sender = Sender::new(CsrfLayer::new()).host(host);
        sender.check(&[("origin", origin)], expected).await;
    };
    let refused = Err(Refusal::CrossOrigin);
    check("example.com:443", "https://example.com", Ok(())).await;
    check("EXAMPLE.com", "https://example.com", Ok(())).await;
    check("example.com:80", "https://example.com", refused).await;
    check("example.com:8443", "https://example.com", refused).await;
    check("example.com:8443", "https://example.com:8443", Ok(())).await;
}

/// The host of HTTP/2 is in the request's target.
#[tokio::test]
async fn the_host_in_the_target_counts_before_the_header() {
    let sender = Sender::new(CsrfLayer::new()).host("other.example");
    let origin = [("origin", "https://example.com")];
    sender.check_path("https://example.com/", &origin, OK).await;
    sender
        .check_path("https://other.example/", &origin, FORBIDDEN)
        .await;
}

#[tokio::test]
async fn another_sites_page_opens_no_socket() {
    let sender = Sender::new(CsrfLayer::new());
    let check = async |protocol: &str, header: (&str, &str), expected: StatusCode| {
        let headers = [("upgrade", protocol), header];
        let response = sender.send(Method::GET, "/", &headers).await;
        assert_eq!(response.status(), expected, "{headers:?}");
    };
    let site = "sec-fetch-site";
    check("websocket", (site, "cross-site"), FORBIDDEN).await;
    check("WebSocket", (site, "same-site"), FORBIDDEN).await;
    check("h2c, websocket", ("origin", ATTACKER), FORBIDDEN).await;
    check("websocket", (site, "same-origin"), OK).await;
    check("websocket", ("origin", "https://example.com"), OK).await;
    check("h2c", (site, "cross-site"), OK).await;
}

/// Behaviour 16.
#[tokio::test]
async fn an_exemption_is_not_widened_by_other_ways_to_write_a_path() {
    let sender = Sender::new(CsrfLayer::new().exempt("/webhooks/".parse().unwrap()));
    let site = [("sec-fetch-site", "cross-site")];
    sender.check_path("/webhooks/stripe", &site, OK).await;
    sender
        .check_path("/webhooks/stripe?next=/../account", &site, OK)
        .await;
    for path in [
        "/webhooks",
        "/webhooks/../account",
        "//webhooks/x",
        "/WEBHOOKS/",
        "/webhooks%2f..%2faccount",
        "/webhooks/..%2faccount",
        "/webhooks/%2e%2e/account",
        "/webhooks/..;/account",
        "/account?x=/webhooks/",
    ] {
        sender.check_path(path, &site, FORBIDDEN).await;
    }
}

/// Behaviour 17, its first part.
#[tokio::test]
async fn a_tenants_page_does_not_speak_for_its_sibling() {
    let tenants = TwoTenants::new();
    let acme = tenants.acme;
    let partner = move |origin: &Origin, tenant: Option<&TenantScope>| {
        let of_acme = tenant.is_some_and(|tenant| tenant.tenant_id() == acme);
        of_acme && origin.as_str() == "https://partner.example"
    };
    let service = tenants
        .layer()
        .layer(guarded(&CsrfLayer::new().trusted(partner)));
    let check = async |host: &str, headers: &[(&str, &str)], expected: StatusCode| {
        let mut request = Request::post("/account").header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::default()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{host} {headers:?}");
    };
    let sibling = ("origin", "https://bolt.shops.test");
    let same_site = ("sec-fetch-site", "same-site");
    check("acme.shops.test", &[sibling, same_site], FORBIDDEN).await;
    check("acme.shops.test", &[sibling], FORBIDDEN).await;
    check("shops.test", &[sibling, same_site], FORBIDDEN).await;
    check("bolt.shops.test", &[sibling], OK).await;
    let partner = [
        ("origin", "https://partner.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    check("acme.shops.test", &partner, OK).await;
    check("bolt.shops.test", &partner, FORBIDDEN).await;
    check("shops.test", &partner, FORBIDDEN).await;
}
