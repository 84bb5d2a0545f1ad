//! Tokens for browsers that do not say which page a request comes from.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tenancy_core::layer::TenantLayer;
use tenancy_security::PeekedBody;
use tenancy_security::csrf::{CsrfKey, CsrfLayer, CsrfToken, Refusal, SessionCookie};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::two_tenants::TwoTenants;

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

const ACME: &str = "acme.shops.test";
const BOLT: &str = "bolt.shops.test";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const SESSION: (&str, &str) = ("cookie", "theme=dark; __Host-session=mine");

struct Site {
    tenants: TenantLayer,
    layer: CsrfLayer,
}

impl Site {
    fn new() -> Self {
        let key = CsrfKey::new(b"the server's secret");
        let session = SessionCookie::new("__Host-session");
        Self {
            tenants: TwoTenants::new().layer(),
            layer: CsrfLayer::new().tokens(key, session),
        }
    }

    /// Answers a `GET` with the session's token and a `POST` with the body and trailers it got.
    async fn send(&self, request: Request<Body>) -> Response<Full<Bytes>> {
        let handler = service_fn(async |request: Request<PeekedBody<Body>>| {
            let token = request.extensions().get().map(CsrfToken::masked);
            let body = request.into_body().collect().await.unwrap();
            let trailers = body.trailers().cloned().unwrap_or_default();
            let mut body = body.to_bytes();
            if body.is_empty() {
                body = token.unwrap_or_default().into();
            }
            let mut response = Response::new(Full::new(body));
            *response.headers_mut() = trailers;
            Ok::<_, Infallible>(response)
        });
        let service = self.tenants.layer(self.layer.layer(handler));
        service.oneshot(request).await.unwrap()
    }

    async fn token(&self, host: &str, cookie: &str) -> String {
        let request = Request::get("/")
            .header("host", host)
            .header("cookie", cookie);
        let response = self.send(request.body(parts(&[])).unwrap()).await;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    async fn post(
        &self,
        host: &str,
        headers: &[(&str, &str)],
        body: &[&str],
    ) -> Response<Full<Bytes>> {
        let mut request = Request::post("/account").header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(parts(body)).unwrap()).await
    }

    async fn check(&self, host: &str, headers: &[(&str, &str)], expected: Result<(), Refusal>) {
        let response = self.post(host, headers, &["body"]).await;
        let refusal = response.extensions().get::<Refusal>().copied();
        assert_eq!(refusal, expected.err(), "{host} {headers:?}");
    }

    async fn check_form(&self, body: &[&str], expected: Result<(), Refusal>) {
        let response = self.post(ACME, &[SESSION, FORM], body).await;
        let refusal = response.extensions().get::<Refusal>().copied();
        assert_eq!(refusal, expected.err(), "{} parts", body.len());
        if refusal.is_none() {
            let sent: String = body.concat();
            assert_eq!(response.headers()["x-trailer"], "kept");
            assert_eq!(
                response.into_body().collect().await.unwrap().to_bytes(),
                sent
            );
        }
    }
}

/// A body in these parts, and a trailer.
fn parts(parts: &[&str]) -> Body {
    let mut frames: Vec<_> = parts
        .iter()
        .map(|part| Ok(Frame::data(Bytes::copy_from_slice(part.as_bytes()))))
        .collect();
    if !frames.is_empty() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-trailer", HeaderValue::from_static("kept"));
        frames.push(Ok(Frame::trailers(trailers)));
    }
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}

/// Behaviour 17: tokens.
#[tokio::test]
async fn a_token_is_good_for_its_session_and_its_tenant_alone() {
    let site = Site::new();
    let token = site.token(ACME, SESSION.1).await;
    let check = async |host: &str, cookie: &str, token: &str, expected: Result<(), Refusal>| {
        let headers = [("cookie", cookie), ("x-csrf-token", token)];
        site.check(host, &headers, expected).await;
    };
    let invalid = Err(Refusal::InvalidToken);
    check(ACME, SESSION.1, &token, Ok(())).await;
    check(BOLT, SESSION.1, &token, invalid).await;
    check("shops.test", SESSION.1, &token, invalid).await;
    check(ACME, "__Host-session=other", &token, invalid).await;
    // A sibling planted a session beside the visitor's, or a pair of its own making.
    let two = "__Host-session=theirs; __Host-session=mine";
    check(ACME, two, &token, invalid).await;
    let pair = format!("{}; csrf=planted", SESSION.1);
    check(ACME, &pair, "planted", invalid).await;
    let theirs = site.token(ACME, "__Host-session=theirs").await;
    check(
        ACME,
        &format!("{}; csrf={theirs}", SESSION.1),
        &theirs,
        invalid,
    )
    .await;
    check(ACME, SESSION.1, "", invalid).await;
    let twice = [
        SESSION,
        ("x-csrf-token", &*token),
        ("x-csrf-token", &*token),
    ];
    site.check(ACME, &twice, invalid).await;

    let platform = site.token("shops.test", SESSION.1).await;
    check("shops.test", SESSION.1, &platform, Ok(())).await;
    check(ACME, SESSION.1, &platform, invalid).await;
}

/// Behaviour 17: tokens differ per render.
#[tokio::test]
async fn a_token_looks_different_each_time_and_is_accepted_each_time() {
    let site = Site::new();
    let mut seen = HashSet::new();
    for _ in 0..100 {
        let token = site.token(ACME, SESSION.1).await;
        site.check(ACME, &[SESSION, ("x-csrf-token", &token)], Ok(()))
            .await;
        assert!(
            token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        // No part of it repeats from one to the next.
        let (mask, masked) = token.split_at(token.len() / 2);
        assert!(seen.insert(mask.to_owned()) && seen.insert(masked.to_owned()));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_where_a_session_is_used_and_the_browser_does_not_vouch() {
    let site = Site::new();
    let bearer = ("authorization", "Bearer key");
    let missing = Err(Refusal::MissingToken);
    site.check(ACME, &[SESSION], missing).await;
    site.check(ACME, &[SESSION, bearer], missing).await;
    site.check(
        ACME,
        &[SESSION, ("origin", "https://acme.shops.test")],
        Ok(()),
    )
    .await;
    site.check(ACME, &[SESSION, ("sec-fetch-site", "same-origin")], Ok(()))
        .await;
    site.check(ACME, &[bearer], Ok(())).await;
    site.check(ACME, &[], Ok(())).await;
    site.check(ACME, &[("cookie", "theme=dark")], Ok(())).await;
    // What is sent has to be right, and makes up for nothing.
    let token = site.token(ACME, SESSION.1).await;
    let (sent, wrong) = (("x-csrf-token", &*token), ("x-csrf-token", "wrong"));
    let (same, cross) = (
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "cross-site"),
    );
    site.check(ACME, &[SESSION, same, wrong], Err(Refusal::InvalidToken))
        .await;
    site.check(ACME, &[SESSION, cross, sent], Err(Refusal::CrossOrigin))
        .await;

    let strict = Site {
        layer: site.layer.clone().require_tokens(),
        ..site
    };
    strict.check(ACME, &[SESSION, same], missing).await;
    strict.check(ACME, &[SESSION, same, sent], Ok(())).await;
    strict.check(ACME, &[bearer], Ok(())).await;
    let socket = async |header: (&str, &str)| {
        let handshake = Request::get("/")
            .header("host", ACME)
            .header(SESSION.0, SESSION.1)
            .header("upgrade", "websocket")
            .header(header.0, header.1);
        let response = strict.send(handshake.body(parts(&[])).unwrap()).await;
        response.extensions().get::<Refusal>().copied()
    };
    assert_eq!(socket(same).await, None);
    assert_eq!(socket(bearer).await, Some(Refusal::MissingToken));
    let posted = [SESSION, same, ("upgrade", "websocket")];
    strict.check(ACME, &posted, missing).await;
}

#[tokio::test]
async fn a_form_carries_its_token_in_a_field_and_arrives_whole() {
    let site = Site::new();
    let token = site.token(ACME, SESSION.1).await;
    let field = format!("_csrf={token}");
    let (half, rest) = field.split_at(field.len() / 2);
    site.check_form(&[&field], Ok(())).await;
    site.check_form(&[&field, "&name=mug"], Ok(())).await;
    site.check_form(&["name=mug&", &field], Ok(())).await;
    site.check_form(&["name=mug&", half, rest, "&price=1", "2"], Ok(()))
        .await;
    site.check_form(&["name=m", "ug", "&", &field, "&", "x=y"], Ok(()))
        .await;
    site.check_form(&["&&", &field], Ok(())).await;
    site.check_form(&[&field.replace("_csrf", "%5Fcsrf")], Ok(()))
        .await;

    let (missing, invalid) = (Err(Refusal::MissingToken), Err(Refusal::InvalidToken));
    site.check_form(&["name=mug"], missing).await;
    site.check_form(&["name=_csrf"], missing).await;
    site.check_form(&["_csrf2=", &token], missing).await;
    site.check_form(&["_csrf=wrong"], invalid).await;
    site.check_form(&["_csrf=wrong&", &field], invalid).await;
    site.check_form(&["_csrf"], invalid).await;
    // Only a form is looked through.
    let body = [&*field];
    let json = [SESSION, ("content-type", "application/json")];
    let response = site.post(ACME, &json, &body).await;
    assert_eq!(response.extensions().get(), Some(&Refusal::MissingToken));
}

#[tokio::test]
async fn a_form_with_files_carries_its_token_in_a_part() {
    let site = Site::new();
    let token = site.token(ACME, SESSION.1).await;
    let form = |token: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nmug\r\n\
             --b\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{token}\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
             Content-Type: image/png\r\n\r\n{}\r\n--b--\r\n",
            "x".repeat(100_000)
        )
    };
    let kind = ("content-type", "multipart/form-data; boundary=b");
    let check = async |body: &[&str], expected: Result<(), Refusal>| {
        let response = site.post(ACME, &[SESSION, kind], body).await;
        let refusal = response.extensions().get::<Refusal>().copied();
        assert_eq!(refusal, expected.err(), "{} parts", body.len());
        if refusal.is_none() {
            let arrived = response.into_body().collect().await.unwrap().to_bytes();
            assert!(arrived == body.concat(), "{} parts", body.len());
        }
    };
    let whole = form(&token);
    check(&[&whole], Ok(())).await;
    for cut in 1..300 {
        let (beginning, rest) = whole.split_at(cut);
        check(&[beginning, rest], Ok(())).await;
    }
    let bytes: Vec<&str> = (0..400)
        .map(|at| &whole[at..=at])
        .chain([&whole[400..]])
        .collect();
    check(&bytes, Ok(())).await;
    check(&[&form("wrong")], Err(Refusal::InvalidToken)).await;
    check(&[&form("")], Err(Refusal::InvalidToken)).await;
    let without = form(&token).replace("_csrf", "csrf");
    check(&[&without], Err(Refusal::FormTooLarge)).await;
    check(&[&without[..300]], Err(Refusal::MissingToken)).await;
    let (cut_off, _) = whole.split_at(whole.find(&token).unwrap() + token.len());
    check(&[cut_off], Err(Refusal::MissingToken)).await;
}

/// This takes a tenth of a second; a search that began anew with each piece, half a minute.
#[tokio::test]
async fn a_form_in_very_small_pieces_costs_no_more() {
    let site = Site::new();
    let pieces = vec!["\r"; 65_537];
    let begun = Instant::now();
    for kind in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
    ] {
        let headers = [SESSION, ("content-type", kind)];
        let response = site.post(ACME, &headers, &pieces).await;
        assert_eq!(
            response.extensions().get(),
            Some(&Refusal::FormTooLarge),
            "{kind}"
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_form_is_looked_through_only_so_far() {
    let site = Site::new();
    let token = site.token(ACME, SESSION.1).await;
    let long = format!("name={}", "x".repeat(70_000));
    let field = format!("_csrf={token}&");
    site.check_form(&[&field, &long], Ok(())).await;
    let too_large = Err(Refusal::FormTooLarge);
    site.check_form(&[&long, "&", &field], too_large).await;
    let response = site.post(ACME, &[SESSION, FORM], &[&long]).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let many: Vec<&str> = std::iter::repeat_n("a=b&", 20_000).collect();
    site.check_form(&many, too_large).await;
}
