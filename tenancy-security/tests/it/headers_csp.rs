//! Policies: nonces and what caches make of them, tenants' own origins, and handlers' own policies.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, LAST_MODIFIED};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_core::TenantScope;
use tenancy_core::resolve::Host;
use tenancy_security::headers::SecurityHeadersLayer;
use tenancy_security::headers::csp::{
    Additions, CspNonce, Directive, FrameAncestor, Hash, InvalidFrameAncestor, InvalidReportPath,
    Policy, ReportPath, Source, TooManySources,
};
use tenancy_security::origin::{InvalidOrigin, Origin};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::two_tenants::TwoTenants;

type Body = Full<Bytes>;

const REPORT_ONLY: &str = "content-security-policy-report-only";

/// The answer to a `GET` of a handler that makes this one, and its only policy.
async fn answer(
    layer: &SecurityHeadersLayer,
    handler: impl Fn(&CspNonce) -> Response<Body> + Clone,
) -> (Response<Body>, Option<String>) {
    let service = layer.layer(service_fn(async |request: Request<()>| {
        Ok::<_, Infallible>(handler(request.extensions().get().unwrap()))
    }));
    let response = service.oneshot(Request::new(())).await.unwrap();
    let policies = response.headers().get_all(CONTENT_SECURITY_POLICY);
    let mut policies = policies
        .iter()
        .map(|value| value.to_str().unwrap().to_owned());
    let policy = policies.next();
    assert_eq!(policies.next(), None, "two policies");
    (response, policy)
}

fn plain(_: &CspNonce) -> Response<Body> {
    Response::new(Body::default())
}

/// Behaviour 12, its first part.
#[tokio::test]
async fn each_page_has_a_nonce_of_its_own_and_its_policy_the_same() {
    let layer = SecurityHeadersLayer::new();
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let (response, policy) = answer(&layer, |nonce| {
            assert_eq!(nonce.value(), nonce.clone().value());
            Response::new(Body::from(nonce.value().to_owned()))
        })
        .await;
        let policy = policy.unwrap();
        let control = response.headers()[CACHE_CONTROL].clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let nonce = std::str::from_utf8(&body).unwrap();
        // 24 characters of 6 bits.
        assert_eq!(nonce.len(), 24);
        assert!(
            nonce
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        let scripts = format!("script-src 'self' 'nonce-{nonce}'; ");
        assert!(policy.contains(&scripts), "{policy}");
        assert!(
            policy.contains(&format!("style-src 'self' 'nonce-{nonce}'; ")),
            "{policy}"
        );
        assert_eq!(control, "no-store, max-age=0");
        assert!(seen.insert(nonce.to_owned()));
    }
}

/// Behaviour 12, its second part.
#[tokio::test]
async fn a_page_with_a_nonce_has_no_validator_and_no_shared_cache() {
    let check = async |takes: bool, control: &'static str, expected: &str| {
        let layer = SecurityHeadersLayer::new();
        let (response, policy) = answer(&layer, move |nonce| {
            let body = if takes { nonce.value() } else { "" };
            Response::builder()
                .header(CACHE_CONTROL, control)
                .header(ETAG, "\"1\"")
                .header(LAST_MODIFIED, "Wed, 25 Nov 2026 21:00:00 GMT")
                .header("cdn-cache-control", "max-age=60")
                .body(Body::from(body.to_owned()))
                .unwrap()
        })
        .await;
        assert_eq!(policy.unwrap().contains("'nonce-"), takes);
        let headers = response.headers();
        assert_eq!(headers[CACHE_CONTROL], expected, "{control}");
        for name in ["etag", "last-modified", "cdn-cache-control"] {
            assert_eq!(headers.contains_key(name), !takes, "{name} with {control}");
        }
    };
    check(true, "public, max-age=60", "no-store, max-age=0").await;
    check(true, "no-cache", "no-store, max-age=0").await;
    check(true, "private, no-cache", "private, no-cache").await;
    check(false, "public, max-age=60", "public, max-age=60").await;
}

/// Behaviour 12: a browser puts a 304's headers in the place of those that it kept with the page.
#[tokio::test]
async fn a_304_brings_no_other_policy() {
    let layer = SecurityHeadersLayer::new().report_only(Policy::strict());
    for takes in [false, true] {
        let (response, policy) = answer(&layer, move |nonce| {
            if takes {
                nonce.value();
            }
            let response = Response::builder().status(StatusCode::NOT_MODIFIED);
            let response = response.header(CONTENT_SECURITY_POLICY, "default-src 'self'");
            response.body(Body::default()).unwrap()
        })
        .await;
        assert_eq!(policy, None);
        assert_eq!(response.headers().get(REPORT_ONLY), None);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

/// Behaviour 14.
#[tokio::test]
async fn a_handlers_policy_takes_the_place_of_the_layers() {
    let layer = SecurityHeadersLayer::new();
    let (_, policy) = answer(&layer, plain).await;
    let own = "base-uri 'none'; connect-src 'self'; default-src 'none'; font-src 'self'; \
               form-action 'self'; img-src 'self' data:; manifest-src 'self'; script-src 'self'; \
               style-src 'self'; frame-ancestors 'none'";
    assert_eq!(policy.as_deref(), Some(own));

    let (_, policy) = answer(&layer, |_| {
        let response = Response::builder().header(CONTENT_SECURITY_POLICY, "default-src 'self'");
        response.body(Body::default()).unwrap()
    })
    .await;
    assert_eq!(policy.as_deref(), Some("default-src 'self'"));

    let (_, policy) = answer(&layer, |_| {
        let mut response = Response::builder();
        for policy in ["default-src 'self'", "img-src 'none'", "font-src 'none'"] {
            response = response.header(CONTENT_SECURITY_POLICY, policy);
        }
        response.body(Body::default()).unwrap()
    })
    .await;
    let joined = "default-src 'self', img-src 'none', font-src 'none'";
    assert_eq!(policy.as_deref(), Some(joined));

    let (_, policy) = answer(&layer, |nonce| {
        nonce.value();
        let mut response = Response::new(Body::default());
        response.extensions_mut().insert(Policy::strict());
        response
    })
    .await;
    let policy = policy.unwrap();
    assert!(policy.contains("script-src 'nonce-"), "{policy}");
    assert!(policy.contains("' 'strict-dynamic'; "), "{policy}");
}

/// Behaviour 14.
#[tokio::test]
async fn a_policy_that_is_only_reported_about_stands_beside() {
    let path: ReportPath = "/csp-reports".parse().unwrap();
    let layer = SecurityHeadersLayer::new()
        .policy(Policy::nothing())
        .report_only(Policy::nothing().report_to(path));
    let (response, policy) = answer(&layer, plain).await;
    let nothing = "base-uri 'none'; default-src 'none'; form-action 'none'; frame-ancestors 'none'";
    assert_eq!(policy.as_deref(), Some(nothing));
    let reported = format!("{nothing}; report-uri /csp-reports; report-to csp");
    assert_eq!(response.headers()[REPORT_ONLY], reported);
    assert_eq!(
        response.headers()["reporting-endpoints"],
        "csp=\"/csp-reports\""
    );
}

#[test]
fn a_policy_says_what_it_was_told_and_nothing_twice() {
    let check = |policy: Policy, expected: &str| assert_eq!(policy.to_string(), expected);
    let hash = "sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc=";
    check(
        Policy::nothing()
            .set(
                Directive::ScriptSrc,
                [Source::Hash(Hash::sha256("doSomething();"))],
            )
            .allow(
                Directive::ScriptSrc,
                [Source::WasmUnsafeEval, Source::ReportSample],
            ),
        &format!(
            "base-uri 'none'; default-src 'none'; form-action 'none'; \
             script-src '{hash}' 'wasm-unsafe-eval' 'report-sample'; frame-ancestors 'none'"
        ),
    );
    // A directive that had not been set goes on from what browsers went by.
    check(
        Policy::nothing()
            .set(Directive::DefaultSrc, [Source::SelfOrigin])
            .allow(Directive::ScriptSrc, [Source::Blob])
            .allow(Directive::WorkerSrc, [Source::Data])
            .allow(Directive::ImgSrc, [Source::Data])
            .frame_ancestors([FrameAncestor::SELF]),
        "base-uri 'none'; default-src 'self'; form-action 'none'; img-src 'self' data:; \
         script-src 'self' blob:; worker-src 'self' blob: data:; frame-ancestors 'self'",
    );
    // Without a nonce a list that had nothing else is empty, which is not the same as absent.
    check(
        Policy::nothing().set(Directive::StyleSrc, [Source::Nonce]),
        "base-uri 'none'; default-src 'none'; form-action 'none'; style-src 'none'; \
         frame-ancestors 'none'",
    );
}

/// Behaviour 13: what a tenant tries to save.
#[test]
fn a_tenants_origin_is_refused_where_it_is_saved() {
    for text in [
        "https://a.example;script-src *",
        "a.example\r\nX: y",
        "https://a.example\r\nX: y",
        "*",
        "https://*",
        "a.example, b",
        "https://a.example, https://b.example",
        "data:",
        "javascript:",
        "javascript:alert(1)",
        "a b",
        "https://a.example https://b.example",
        "https://аpple.example",
        "https://xn--pple-43d.example",
        "https://127.0.0.1",
        "https://[::1]",
        "https://user@x",
        "'none'",
        "'unsafe-inline'",
        "",
    ] {
        assert!(text.parse::<Origin>().is_err(), "{text:?}");
        assert!(text.parse::<FrameAncestor>().is_err(), "{text:?}");
    }
    let ancestor = |text: &str| text.parse::<FrameAncestor>();
    assert_eq!(ancestor("'self'"), Ok(FrameAncestor::SELF));
    assert_eq!(
        ancestor("https://a.example").unwrap().to_string(),
        "https://a.example"
    );
    assert_eq!(
        ancestor("http://a.example"),
        Err(InvalidFrameAncestor::Insecure)
    );
    let address = InvalidFrameAncestor::Origin(InvalidOrigin::Address);
    assert_eq!(ancestor("https://[::1]"), Err(address));
    let domain: Host = "xn--bcher-kva.example".parse().unwrap();
    assert_eq!(
        FrameAncestor::from(&domain).to_string(),
        "https://xn--bcher-kva.example"
    );
}

#[test]
fn a_report_path_is_plain() {
    let check = |text: &str, expected: bool| {
        let path = text.parse::<ReportPath>();
        let expected = expected.then_some(text).ok_or(InvalidReportPath);
        assert_eq!(
            path.as_ref().map(ReportPath::as_str),
            expected.as_ref().copied(),
            "{text:?}"
        );
    };
    check("/csp-reports", true);
    check("/a/b.c_d~e", true);
    check("//evil.example/x", false);
    check("https://evil.example", false);
    check("/a;script-src *", false);
    check("/a b", false);
    check("/a,b", false);
    check("/a\"", false);
    check("/a?x", false);
    check("/é", false);
    check("", false);
    check(&format!("/{}", "a".repeat(200)), false);
}

#[test]
fn one_tenants_origins_have_little_room() {
    let origin: Origin = "https://cdn.example".parse().unwrap();
    let mut additions = Additions::new();
    for held in 0..73 {
        let more = additions.allow(Directive::ImgSrc, origin.clone());
        additions = more.unwrap_or_else(|error| panic!("{held}: {error}"));
    }
    let more = additions.clone().allow(Directive::ImgSrc, origin);
    assert_eq!(more, Err(TooManySources));
    assert_eq!(
        additions.framed_by(FrameAncestor::SELF),
        Err(TooManySources)
    );
}

/// Behaviour 13: what a tenant saved holds for it alone.
#[tokio::test]
async fn a_tenants_origins_are_in_no_other_tenants_policy() {
    let tenants = TwoTenants::new();
    let additions = |domain: &str| {
        let domain: Host = domain.parse().unwrap();
        let cdn: Origin = format!("https://cdn.{domain}").parse().unwrap();
        let additions = Additions::new().framed_by(FrameAncestor::from(&domain));
        let additions = additions.and_then(|all| all.allow(Directive::ImgSrc, cdn.clone()));
        Arc::new(
            additions
                .and_then(|all| all.allow(Directive::MediaSrc, cdn))
                .unwrap(),
        )
    };
    let (of_acme, of_bolt) = (additions("acme.example"), additions("bolt.example"));
    let (acme, bolt) = (tenants.acme, tenants.bolt);
    let own_only = Policy::nothing().set(Directive::DefaultSrc, [Source::SelfOrigin]);
    let layer = SecurityHeadersLayer::new()
        .report_only(own_only)
        .tenant_sources(move |tenant: &TenantScope| match tenant.tenant_id() {
            id if id == acme => Some(of_acme.clone()),
            id if id == bolt => Some(of_bolt.clone()),
            _ => None,
        });
    let page =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Body::default())));
    let outside = layer.layer(tenants.layer().layer(page));
    let inside = tenants.layer().layer(layer.layer(page));
    let get = |host: &str| Request::get("/").header("host", host).body(()).unwrap();
    let check = |response: &Response<Body>, host: &str, ours: Option<&str>, theirs: &[&str]| {
        let policy = response.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        let reported = response.headers()[REPORT_ONLY].to_str().unwrap();
        match ours {
            Some(domain) => {
                let ancestors = format!("frame-ancestors https://{domain}");
                assert!(policy.ends_with(&ancestors), "{host}: {policy}");
                assert!(reported.ends_with(&ancestors), "{host}: {reported}");
                let images = format!("img-src 'self' data: https://cdn.{domain};");
                assert!(policy.contains(&images), "{host}: {policy}");
                // Where it is not set, it goes on from `default-src`.
                let media = format!("; media-src https://cdn.{domain};");
                assert!(policy.contains(&media), "{host}: {policy}");
                let media = format!("; media-src 'self' https://cdn.{domain};");
                assert!(reported.contains(&media), "{host}: {reported}");
            }
            None => assert!(
                policy.ends_with("frame-ancestors 'none'"),
                "{host}: {policy}"
            ),
        }
        for domain in theirs {
            let all = format!("{:?}", response.headers());
            assert!(!all.contains(domain), "{host}: {all}");
        }
    };
    let (acme, bolt) = ("acme.example", "bolt.example");
    let host = "acme.shops.test";
    check(
        &outside.clone().oneshot(get(host)).await.unwrap(),
        host,
        Some(acme),
        &[bolt],
    );
    check(
        &inside.clone().oneshot(get(host)).await.unwrap(),
        host,
        Some(acme),
        &[bolt],
    );
    let host = "bolt.shops.test";
    check(
        &outside.clone().oneshot(get(host)).await.unwrap(),
        host,
        Some(bolt),
        &[acme],
    );
    check(
        &inside.oneshot(get(host)).await.unwrap(),
        host,
        Some(bolt),
        &[acme],
    );
    let host = "shops.test";
    check(
        &outside.clone().oneshot(get(host)).await.unwrap(),
        host,
        None,
        &[acme, bolt],
    );

    // A host that is nobody's is shown nowhere.
    let host = "evil.example";
    let response = outside.clone().oneshot(get(host)).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    check(&response, host, None, &[acme, bolt, host]);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(!String::from_utf8_lossy(&body).contains(host));
    let injected = "acme.shops.test;script-src";
    let response = outside.oneshot(get(injected)).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    check(&response, injected, None, &[acme, bolt, ";script-src"]);
}
