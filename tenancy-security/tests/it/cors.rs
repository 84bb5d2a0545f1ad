//! Which other sites' scripts may read a tenant's answers, and what everybody else learns of it.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    AUTHORIZATION, ETAG, HeaderName, VARY,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use tenancy_core::{TenantId, TenantScope};
use tenancy_security::cors::CorsLayer;
use tenancy_security::origin::{AllowOrigin, Origin};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::two_tenants::TwoTenants;

const PARTNER: &str = "https://partner.example";
const ACME: &str = "acme.shops.test";
const BOLT: &str = "bolt.shops.test";

type Headers<'a> = &'a [(&'a str, &'a str)];

/// A partner of one tenant's.
fn partner_of(acme: TenantId) -> impl AllowOrigin {
    move |origin: &Origin, tenant: Option<&TenantScope>| {
        tenant.is_some_and(|tenant| tenant.tenant_id() == acme) && origin.as_str() == PARTNER
    }
}

/// Answers `OPTIONS` with 405, and the rest with what varies by language already.
async fn handler(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = match *request.method() {
        Method::OPTIONS => Response::builder().status(StatusCode::METHOD_NOT_ALLOWED),
        _ => Response::builder().header(VARY, "accept-language"),
    };
    Ok(response.body(Full::default()).unwrap())
}

struct Api {
    tenants: TwoTenants,
    layer: Option<CorsLayer>,
}

impl Api {
    fn new(layer: impl FnOnce(TenantId) -> CorsLayer) -> Self {
        let tenants = TwoTenants::new();
        let layer = layer(tenants.acme);
        Self {
            tenants,
            layer: Some(layer),
        }
    }

    async fn send(
        &self,
        method: Method,
        host: &str,
        headers: Headers<'_>,
    ) -> Response<Full<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri("/")
            .header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let inner = service_fn(handler);
        let tenants = self.tenants.layer();
        match &self.layer {
            Some(layer) => tenants.layer(layer.layer(inner)).oneshot(request).await,
            None => tenants.layer(inner).oneshot(request).await,
        }
        .unwrap()
    }

    async fn get(&self, host: &str, headers: Headers<'_>) -> HeaderMap {
        self.send(Method::GET, host, headers)
            .await
            .headers()
            .clone()
    }
}

fn cors_headers(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let mut cors: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control-"))
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    cors.sort_unstable();
    cors
}

fn varies(headers: &HeaderMap) -> Vec<&str> {
    let lines = headers.get_all(VARY).iter();
    lines.map(|value| value.to_str().unwrap()).collect()
}

const PREFLIGHT: Headers<'_> = &[
    ("origin", PARTNER),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "content-type"),
];

#[tokio::test]
async fn a_tenants_partner_reads_its_answers_and_no_other_tenants() {
    let api = Api::new(|acme| {
        let requests: HeaderName = "x-requests-left".parse().unwrap();
        CorsLayer::with_credentials(partner_of(acme)).expose([ETAG, requests])
    });
    let partner = [("origin", PARTNER)];
    let headers = api.get(ACME, &partner).await;
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], PARTNER);
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    assert_eq!(
        headers[ACCESS_CONTROL_EXPOSE_HEADERS],
        "etag, x-requests-left"
    );
    assert_eq!(varies(&headers), ["accept-language", "origin"]);
    assert_eq!(cors_headers(&api.get(BOLT, &partner).await), []);
    assert_eq!(cors_headers(&api.get("shops.test", &partner).await), []);
    for origin in [
        "https://evil.example",
        "http://partner.example",
        "https://partner.example:8443",
        "https://partner.example.evil.example",
        "https://PARTNER.example",
        "https://partner.example/",
        "https://sub.partner.example",
        "null",
        "*",
        "",
    ] {
        let headers = api.get(ACME, &[("origin", origin)]).await;
        assert_eq!(cors_headers(&headers), [], "{origin}");
    }
    let two = [("origin", PARTNER), ("origin", "https://evil.example")];
    assert_eq!(cors_headers(&api.get(ACME, &two).await), []);
}

#[tokio::test]
async fn a_preflight_is_answered_and_kept() {
    let api = Api::new(|acme| {
        CorsLayer::with_credentials(partner_of(acme))
            .methods([Method::GET, Method::PUT])
            .headers([AUTHORIZATION])
            .expose([ETAG])
            .max_age(Duration::from_secs(600))
    });
    let response = api.send(Method::OPTIONS, ACME, PREFLIGHT).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let headers = response.headers();
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], PARTNER);
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_METHODS], "GET, PUT");
    assert_eq!(headers[ACCESS_CONTROL_ALLOW_HEADERS], "authorization");
    assert_eq!(headers[ACCESS_CONTROL_MAX_AGE], "600");
    assert_eq!(varies(headers), ["origin"]);
    assert_eq!(headers.get(ACCESS_CONTROL_EXPOSE_HEADERS), None);
    // An OPTIONS that is none goes to the handler.
    let response = api.send(Method::OPTIONS, ACME, &PREFLIGHT[..1]).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], PARTNER);
    let response = api.send(Method::GET, ACME, PREFLIGHT).await;
    assert_eq!(response.status(), StatusCode::OK);

    let plain = Api::new(|acme| CorsLayer::new(partner_of(acme)));
    let response = plain.send(Method::OPTIONS, ACME, PREFLIGHT).await;
    let expected = [
        ("access-control-allow-headers", "content-type"),
        ("access-control-allow-methods", "GET, HEAD, POST"),
        ("access-control-allow-origin", PARTNER),
        ("access-control-max-age", "7200"),
    ];
    assert_eq!(cors_headers(response.headers()), expected);
}

/// Refused, from a tenant that allows nobody, and without the layer: but for `Vary`, which every
/// answer has, there is one answer.
#[tokio::test]
async fn a_refused_origin_cannot_tell_whether_there_is_anything_to_be_allowed() {
    let api = Api::new(|acme| CorsLayer::with_credentials(partner_of(acme)).expose([ETAG]));
    let bare = Api {
        tenants: TwoTenants::new(),
        layer: None,
    };
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        let mut evil = PREFLIGHT.to_vec();
        evil[0] = ("origin", "https://evil.example");
        let refused = api.send(method.clone(), ACME, &evil).await;
        let other_tenants = api.send(method.clone(), BOLT, &evil).await;
        let same_origins = api.send(method.clone(), ACME, &evil[1..]).await;
        let without = bare.send(method.clone(), ACME, &evil).await;
        assert_eq!(refused.status(), without.status(), "{method}");
        assert_eq!(refused.status(), other_tenants.status(), "{method}");
        assert_eq!(refused.headers(), other_tenants.headers(), "{method}");
        assert_eq!(refused.headers(), same_origins.headers(), "{method}");
        let mut expected = without.headers().clone();
        expected.append(VARY, "origin".parse().unwrap());
        assert_eq!(*refused.headers(), expected, "{method}");
    }
}

#[tokio::test]
async fn what_anybody_may_read_is_read_without_credentials() {
    let api = Api::new(|_| CorsLayer::anybody());
    for origin in ["https://evil.example", "null"] {
        let headers = api
            .get(ACME, &[("origin", origin), ("cookie", "session=1")])
            .await;
        assert_eq!(
            cors_headers(&headers),
            [("access-control-allow-origin", "*")]
        );
        assert_eq!(varies(&headers), ["accept-language"]);
    }
    assert_eq!(cors_headers(&api.get(ACME, &[]).await), []);
    let response = api.send(Method::OPTIONS, ACME, PREFLIGHT).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        response.headers().get(ACCESS_CONTROL_ALLOW_CREDENTIALS),
        None
    );
}

#[tokio::test]
async fn where_a_handler_speaks_too_the_layer_has_the_last_word() {
    let tenants = TwoTenants::new();
    let handler = service_fn(async |_: Request<()>| {
        let response = Response::builder()
            .header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .header(ACCESS_CONTROL_ALLOW_CREDENTIALS, "true")
            .header(VARY, "Accept, Origin");
        Ok::<_, Infallible>(response.body(Full::<Bytes>::default()).unwrap())
    });
    let layer = CorsLayer::new(partner_of(tenants.acme));
    let service = tenants.layer().layer(layer.layer(handler));
    let request = Request::get("/")
        .header("host", ACME)
        .header("origin", PARTNER);
    let response = service.oneshot(request.body(()).unwrap()).await.unwrap();
    let expected = [("access-control-allow-origin", PARTNER)];
    assert_eq!(cors_headers(response.headers()), expected);
    assert_eq!(varies(response.headers()), ["Accept, Origin"]);
}
