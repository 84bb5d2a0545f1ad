//! The layers in an axum server's stack, in their order.

use axum::Router;
use axum::extract::{Extension, Form};
use axum::routing::get;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tenancy_security::cors::CorsLayer;
use tenancy_security::csrf::{CsrfKey, CsrfLayer, CsrfToken, SessionCookie};
use tenancy_security::headers::SecurityHeadersLayer;
use tenancy_security::headers::csp::{CspNonce, CspReport, CspReports};
use tenancy_security::origin::Origins;
use tenancy_security::threat::ThreatLayer;
use tower::{ServiceBuilder, ServiceExt as _};

use crate::two_tenants::TwoTenants;

async fn page(
    Extension(nonce): Extension<CspNonce>,
    Extension(token): Extension<CsrfToken>,
) -> String {
    format!("{nonce} {}", token.masked())
}

async fn save(Form(fields): Form<Vec<(String, String)>>) -> String {
    format!("{} fields", fields.len())
}

#[tokio::test]
async fn a_form_of_a_page_is_taken_under_axum() {
    let key = CsrfKey::new(b"the server's secret");
    let csrf = CsrfLayer::new().tokens(key, SessionCookie::new("__Host-session"));
    let stack = ServiceBuilder::new()
        .layer(SecurityHeadersLayer::new())
        .layer(TwoTenants::new().layer())
        .layer(CorsLayer::new(Origins::new()))
        .layer(csrf.require_tokens())
        .layer(ThreatLayer::new());
    let app = Router::new()
        .route("/", get(page).post(save))
        .route_service("/csp-reports", CspReports::new(|_: CspReport| {}))
        .layer(stack);
    let send = async |request: http::request::Builder, body: String| {
        let request = request
            .uri("/")
            .header("host", "acme.shops.test")
            .header("cookie", "__Host-session=mine")
            .body(axum::body::Body::from(body));
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head, String::from_utf8(body.to_vec()).unwrap())
    };
    let (head, page) = send(Request::get("/"), String::new()).await;
    let (nonce, token) = page.split_once(' ').unwrap();
    let policy = head.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("'nonce-{nonce}'")), "{policy}");

    let form = || Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let (head, saved) = send(form(), format!("name=mug&_csrf={token}&price=12")).await;
    assert_eq!((head.status, &*saved), (StatusCode::OK, "3 fields"));
    let attack = format!("name=%3Cscript%3Ealert(1)&_csrf={token}");
    let (head, _) = send(form(), attack).await;
    assert_eq!(head.status, StatusCode::FORBIDDEN);
    let (head, _) = send(form(), "name=mug&price=12".to_owned()).await;
    assert_eq!(head.status, StatusCode::FORBIDDEN);
    assert_eq!(head.headers["x-content-type-options"], "nosniff");
}
