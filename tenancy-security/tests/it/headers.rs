//! The headers of every answer, whoever gives it.

use std::convert::Infallible;
use std::panic::panic_any;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS, X_XSS_PROTECTION};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_core::client_address::{PeerAddress, ProxyHeader};
use tenancy_core::problem::{GrpcStatus, Problem};
use tenancy_security::PeekedBody;
use tenancy_security::csrf::CsrfLayer;
use tenancy_security::headers::csp::{CspNonce, CspReport, CspReports};
use tenancy_security::headers::{Hsts, SecurityHeadersLayer};
use tenancy_security::public_scheme::{OverTls, PublicScheme};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::two_tenants::{TwoTenants, proxies};

type Body = Full<Bytes>;

/// What each answer says by default; `Cross-Origin-*` and `Permissions-Policy` by their beginnings.
const SAFE: &[(&str, &str)] = &[
    ("content-security-policy", "base-uri 'none'; "),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "accelerometer=(), "),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
];

#[track_caller]
fn assert_safe(headers: &HeaderMap, what: &str) {
    for (name, beginning) in SAFE {
        let values: Vec<_> = headers.get_all(*name).iter().collect();
        assert_eq!(values.len(), 1, "{name} on {what}: {values:?}");
        let value = values[0].to_str().unwrap();
        assert!(value.starts_with(beginning), "{name} on {what}: {value}");
    }
    for feature in ["camera=()", "microphone=()", "geolocation=()"] {
        let policy = headers["permissions-policy"].to_str().unwrap();
        assert!(policy.contains(feature), "{feature} on {what}");
    }
    for name in ["server", "x-powered-by", "x-runtime"] {
        assert_eq!(headers.get(name), None, "{name} on {what}");
    }
}

/// Answers as the path says.
async fn shop(request: Request<PeekedBody<Body>>) -> Result<Response<Body>, Infallible> {
    let mut response = match request.uri().path() {
        "/" => Response::new(Body::from("welcome")),
        "/panic" => panic!("as asked"),
        "/panic/any" => panic_any(7),
        "/missing" => Problem::new(StatusCode::NOT_FOUND).into_http(),
        "/large" => Problem::new(StatusCode::PAYLOAD_TOO_LARGE).into_http(),
        "/busy" => Problem::new(StatusCode::TOO_MANY_REQUESTS).into_http(),
        path => unreachable!("{path}"),
    };
    for (name, value) in [
        ("server", "shop/1.0"),
        ("x-powered-by", "Rust"),
        ("x-runtime", "1"),
    ] {
        response
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
        response
            .headers_mut()
            .append(name, HeaderValue::from_static("twice"));
    }
    Ok(response)
}

/// Behaviour 11, but for Observatory.
#[tokio::test]
async fn every_answer_carries_the_safe_headers() {
    let tenants = TwoTenants::new().layer();
    let inner = tenants.layer(CsrfLayer::new().layer(service_fn(shop)));
    let service = SecurityHeadersLayer::new().layer(inner);
    let check = async |request: http::request::Builder, expected: StatusCode| {
        let request = request.body(Body::default()).unwrap();
        let what = format!("{} {}", request.method(), request.uri());
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{what}");
        assert_safe(response.headers(), &what);
        response
    };
    let get = |path| Request::get(path).header("host", "acme.shops.test");
    check(get("/"), StatusCode::OK).await;
    check(get("/missing"), StatusCode::NOT_FOUND).await;
    check(get("/large"), StatusCode::PAYLOAD_TOO_LARGE).await;
    check(get("/busy"), StatusCode::TOO_MANY_REQUESTS).await;
    let panicked = check(get("/panic"), StatusCode::INTERNAL_SERVER_ERROR).await;
    check(get("/panic/any"), StatusCode::INTERNAL_SERVER_ERROR).await;
    let forged = Request::post("/")
        .header("host", "acme.shops.test")
        .header("sec-fetch-site", "cross-site");
    check(forged, StatusCode::FORBIDDEN).await;
    let unknown = Request::get("/").header("host", "nobody.shops.test");
    check(unknown, StatusCode::NOT_FOUND).await;
    check(Request::get("/"), StatusCode::BAD_REQUEST).await;

    let body = panicked.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let nothing_more = serde_json::json!(
        {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    );
    assert_eq!(problem, nothing_more);
}

/// Behaviour 11, for what is answered in the middle of a request's body.
#[tokio::test]
async fn the_report_endpoints_refusals_carry_them_as_well() {
    let reports = CspReports::new(|_: CspReport| {});
    let service = SecurityHeadersLayer::new().layer(reports);
    let report = |body: String| {
        let request = Request::post("/").header("content-type", "application/csp-report");
        request.body(Body::from(body)).unwrap()
    };
    let mut statuses = Vec::new();
    for _ in 0..51 {
        let response = service
            .clone()
            .oneshot(report("x".repeat(20_000)))
            .await
            .unwrap();
        statuses.push(response.status());
        assert_safe(response.headers(), response.status().as_str());
    }
    assert_eq!(statuses[0], StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(statuses[50], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_panic_before_the_first_await_and_one_in_the_call_itself_are_answered() {
    let called = tower::util::service_fn(|_: Request<Body>| -> std::future::Ready<_> {
        if true {
            panic!("in the call");
        }
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::default())))
    });
    let mut service = SecurityHeadersLayer::new().layer(called);
    let get = || Request::get("/").body(Body::default()).unwrap();
    // The service goes on.
    for _ in 0..2 {
        let response = service.ready().await.unwrap().call(get()).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_safe(response.headers(), "a panic in the call");
    }
    let mut service = SecurityHeadersLayer::new().refuse(GrpcStatus).layer(called);
    let response = service.ready().await.unwrap().call(get()).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "13");
}

#[tokio::test]
async fn the_page_for_a_panic_may_depend_on_what_was_asked() {
    let refuse = |_: &Problem, asked: &http::request::Parts| {
        let accept = asked.headers["accept"].to_str().unwrap();
        Response::new(Body::from(format!(
            "{} {} {accept}",
            asked.method, asked.uri
        )))
    };
    let layer = SecurityHeadersLayer::new().refuse(refuse);
    let service = layer.layer(CsrfLayer::new().layer(service_fn(shop)));
    let request = Request::get("/panic?x").header("accept", "text/html");
    let response = service
        .oneshot(request.body(Body::default()).unwrap())
        .await
        .unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "GET /panic?x text/html");
}

#[tokio::test]
async fn an_inner_services_error_passes_through_untouched() {
    let fails = service_fn(async |_: Request<()>| Err::<Response<Body>, _>("closed"));
    let service = SecurityHeadersLayer::new().layer(fails);
    let error = service.oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(error, "closed");
}

const HSTS: &str = "max-age=63072000; includeSubDomains";

#[tokio::test]
async fn hsts_is_said_only_to_who_is_known_to_come_over_tls() {
    let check = async |layer: &SecurityHeadersLayer, request: http::request::Builder, expected| {
        let page =
            service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Body::default())));
        let request = request.body(()).unwrap();
        let what = format!("{request:?}");
        let response = layer.layer(page).oneshot(request).await.unwrap();
        let said = response.headers().get("strict-transport-security");
        let said = said.map(|value| value.to_str().unwrap());
        assert_eq!(said, expected, "{what}");
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        let upgrades = policy.contains("upgrade-insecure-requests");
        assert_eq!(upgrades, expected.is_some(), "{what}");
    };
    let from = |peer: &str| Request::get("/").extension(PeerAddress(peer.parse().unwrap()));
    let told = SecurityHeadersLayer::new().scheme(PublicScheme::told_by(proxies()));
    let (proxy, stranger) = (|| from("10.0.0.1"), || from("203.0.113.9"));
    let proto = "x-forwarded-proto";
    check(&told, proxy().header(proto, "https"), Some(HSTS)).await;
    let standard = || proxy().header("forwarded", "for=1.1.1.1;proto=https");
    check(&told, standard(), None).await;
    let writing_it = PublicScheme::told_by(proxies().header(ProxyHeader::Forwarded));
    let layer = SecurityHeadersLayer::new().scheme(writing_it);
    check(&layer, standard(), Some(HSTS)).await;
    check(&told, proxy().header(proto, "http"), None).await;
    check(&told, proxy().header(proto, "https, http"), None).await;
    check(&told, proxy(), None).await;
    check(&told, stranger().header(proto, "https"), None).await;
    check(&told, stranger().header("forwarded", "proto=https"), None).await;
    check(&told, Request::get("https://acme.shops.test/"), None).await;
    check(&told, stranger().extension(OverTls), Some(HSTS)).await;

    let nobody = SecurityHeadersLayer::new();
    check(&nobody, proxy().header(proto, "https"), None).await;
    check(&nobody, stranger().extension(OverTls), Some(HSTS)).await;
    let always = SecurityHeadersLayer::new().scheme(PublicScheme::https());
    check(&always, stranger(), Some(HSTS)).await;
    let hour = Hsts::default()
        .max_age(Duration::from_secs(3600))
        .without_subdomains();
    check(&always.clone().hsts(hour), stranger(), Some("max-age=3600")).await;
    let none = always.without_hsts();
    let page =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Body::default())));
    let response = none.layer(page).oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.headers().get("strict-transport-security"), None);
}

/// Behaviour 14, for all headers but the policy.
#[tokio::test]
async fn a_handlers_own_header_stays_and_the_layer_says_what_it_was_told_to() {
    let handler = service_fn(async |_: Request<()>| {
        let response = Response::builder()
            .header("x-frame-options", "SAMEORIGIN")
            .header("server", "shop/1.0")
            .header("x-internal", "1");
        Ok::<_, Infallible>(response.body(Body::default()).unwrap())
    });
    let internal = HeaderName::from_static("x-internal");
    let layer = SecurityHeadersLayer::new()
        .set(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        .set(REFERRER_POLICY, HeaderValue::from_static("same-origin"))
        .without(&X_XSS_PROTECTION)
        .remove(internal.clone())
        .keep(&http::header::SERVER);
    let response = layer
        .layer(handler)
        .oneshot(Request::new(()))
        .await
        .unwrap();
    let headers = response.headers();
    assert_eq!(headers[X_FRAME_OPTIONS], "SAMEORIGIN");
    assert_eq!(headers.get_all(X_FRAME_OPTIONS).iter().count(), 1);
    assert_eq!(headers[REFERRER_POLICY], "same-origin");
    assert_eq!(headers.get_all(REFERRER_POLICY).iter().count(), 1);
    assert_eq!(headers.get(X_XSS_PROTECTION), None);
    assert_eq!(headers.get(internal), None);
    assert_eq!(headers["server"], "shop/1.0");
}

#[tokio::test]
async fn two_layers_say_no_more_than_one() {
    let layer = SecurityHeadersLayer::new();
    let service = layer.layer(layer.layer(CsrfLayer::new().layer(service_fn(shop))));
    let request = Request::get("/").body(Body::default()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_safe(response.headers(), "two layers");
}

/// Behaviour 11, the assertions of the OWASP Secure Headers Project's validator, which wants
/// `no-referrer` and no `X-XSS-Protection`.
#[tokio::test]
async fn a_page_passes_the_owasp_validator() {
    let layer = SecurityHeadersLayer::new()
        .scheme(PublicScheme::https())
        .set(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        .without(&X_XSS_PROTECTION);
    let page = service_fn(async |request: Request<()>| {
        let nonce: &CspNonce = request.extensions().get().unwrap();
        let page = format!("<script nonce={nonce}></script>");
        Ok::<_, Infallible>(Response::new(Body::from(page)))
    });
    let response = layer.layer(page).oneshot(Request::new(())).await.unwrap();
    let headers = response.headers();
    let check = |name: &str, expected: &str| assert_eq!(headers[name], expected, "{name}");
    check("strict-transport-security", HSTS);
    check("x-frame-options", "DENY");
    check("x-content-type-options", "nosniff");
    check("x-permitted-cross-domain-policies", "none");
    check("referrer-policy", "no-referrer");
    check("cross-origin-embedder-policy", "require-corp");
    check("cross-origin-opener-policy", "same-origin");
    check("cross-origin-resource-policy", "same-origin");
    check("cache-control", "no-store, max-age=0");
    check("x-dns-prefetch-control", "off");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("unsafe"), "{policy}");
    let permissions = headers["permissions-policy"].to_str().unwrap();
    let denied: Vec<&str> = permissions.split(", ").collect();
    for feature in [
        "accelerometer",
        "autoplay",
        "camera",
        "clipboard-read",
        "clipboard-write",
        "cross-origin-isolated",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "gamepad",
        "geolocation",
        "gyroscope",
        "hid",
        "idle-detection",
        "interest-cohort",
        "keyboard-map",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "sync-xhr",
        "unload",
        "usb",
        "web-share",
        "xr-spatial-tracking",
    ] {
        assert!(denied.contains(&&*format!("{feature}=()")), "{feature}");
    }
    for name in [
        "feature-policy",
        "public-key-pins",
        "expect-ct",
        "x-xss-protection",
    ] {
        assert_eq!(headers.get(name), None, "{name}");
    }
}
