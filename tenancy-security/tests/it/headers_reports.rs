//! The endpoint that browsers report to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use tenancy_security::headers::csp::{CspReport, CspReports};
use tower::{Layer as _, ServiceExt as _};

use crate::two_tenants::TwoTenants;

const REPORT: &str = r#"{"csp-report": {"document-uri": "https://acme.shops.test/cart",
    "blocked-uri": "inline", "effective-directive": "script-src-elem", "disposition": "enforce"}}"#;

type Reports = Arc<Mutex<Vec<CspReport>>>;

fn endpoint() -> (CspReports<impl Fn(CspReport) + Send + Sync>, Reports) {
    let reports = Reports::default();
    let taken = reports.clone();
    let sink = move |report| taken.lock().unwrap().push(report);
    (CspReports::new(sink), reports)
}

fn post(content_type: &str, body: &str) -> Request<Full<Bytes>> {
    Request::post("/csp-reports")
        .header("host", "acme.shops.test")
        .header("content-type", content_type)
        .body(Full::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn a_report_reaches_the_sink_with_its_tenant() {
    let tenants = TwoTenants::new();
    let (endpoint, reports) = endpoint();
    let service = tenants.layer().layer(endpoint);
    let response = service
        .oneshot(post("application/csp-report", REPORT))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let reports = reports.lock().unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].tenant, Some(tenants.acme));
    assert_eq!(&*reports[0].blocked, "inline");
    assert_eq!(&*reports[0].directive, "script-src-elem");
    assert!(reports[0].is_enforced);
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_reaches_nobody() {
    let (endpoint, reports) = endpoint();
    let check = async |request: Request<Full<Bytes>>, expected: StatusCode| {
        let what = format!("{request:?}");
        let response = endpoint.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), expected, "{what}");
    };
    let csp = "application/csp-report";
    check(
        post("application/json", REPORT),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    )
    .await;
    check(post("", REPORT), StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    check(post(csp, "{"), StatusCode::BAD_REQUEST).await;
    let long = format!("{REPORT}{}", " ".repeat(16 * 1024));
    check(post(csp, &long), StatusCode::PAYLOAD_TOO_LARGE).await;
    let mut get = post(csp, REPORT);
    *get.method_mut() = http::Method::GET;
    check(get, StatusCode::METHOD_NOT_ALLOWED).await;
    assert_eq!(*reports.lock().unwrap(), []);

    check(
        post("Application/CSP-Report; charset=utf-8", REPORT),
        StatusCode::NO_CONTENT,
    )
    .await;
    check(
        post("application/reports+json", "[]"),
        StatusCode::NO_CONTENT,
    )
    .await;
    assert_eq!(reports.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_reports_is_read_at_its_own_pace() {
    let (endpoint, reports) = endpoint();
    let flood = async || {
        for _ in 0..500 {
            let report = post("application/csp-report", REPORT);
            endpoint.clone().oneshot(report).await.unwrap();
        }
        reports.lock().unwrap().drain(..).count()
    };
    assert_eq!(flood().await, 50);
    assert_eq!(flood().await, 0);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(flood().await, 10);
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(flood().await, 50);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_not_waited_for() {
    let (endpoint, _) = endpoint();
    let frames = futures_util::stream::pending::<Result<Frame<Bytes>, std::io::Error>>();
    let request = Request::post("/").header("content-type", "application/csp-report");
    let request = request.body(StreamBody::new(frames)).unwrap();
    let response = endpoint.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}
