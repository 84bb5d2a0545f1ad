use std::convert::Infallible;
use std::sync::Mutex;

use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::{get, post};
use futures_util::{StreamExt as _, stream};
use http::header::{ALLOW, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tenancy_observability::health::Health;
use tenancy_observability::layer::{FinishedRequest, ObserveRequests, Spent};
use tokio::time::sleep;

use super::*;

/// Handlers that go wrong in each way that no handler answers for itself.
fn troubled(config: &Config) -> Router {
    measured(config, None)
}

fn measured(config: &Config, layer: Option<&PerformanceLayer>) -> Router {
    let app = Router::new()
        .route(
            "/panic",
            get(async || -> StatusCode { panic!("on purpose") }),
        )
        .route("/slow", get(std::future::pending::<StatusCode>))
        .route("/read", post(async |_: Bytes| StatusCode::OK))
        .fallback(async || StatusCode::NOT_FOUND);
    let health = HealthLayer::new(&Health::builder().build());
    bounded(app, config, &defence::of_config(config), layer, &health)
}

async fn ask(config: &Config, accept: &str, request: (&str, &str, usize)) -> Response {
    let (method, path, body_bytes) = request;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", accept)
        .body(Body::from(vec![b'x'; body_bytes]))
        .unwrap();
    troubled(config).oneshot(request).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_no_handler_answers_is_a_problem_for_programs_and_a_page_for_people() {
    let config = Config::default();
    for (method, path, body_bytes, status, words) in [
        ("GET", "/panic", 0, 500, "Something broke on our side"),
        ("GET", "/slow", 0, 408, "This took too long"),
        ("POST", "/panic", 0, 405, "This address cannot be used"),
        (
            "GET",
            "/nowhere",
            0,
            404,
            "There is nothing at this address",
        ),
        ("POST", "/read", 2_000_000, 413, "That was too much at once"),
    ] {
        let request = (method, path, body_bytes);
        let response = ask(&config, "application/json", request).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "application/problem+json",
            "{path}"
        );
        let allowed = response.headers().get(ALLOW).cloned();
        assert_eq!(allowed.is_some(), status == 405, "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let problem: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["status"], status, "{path}");
        assert!(!problem.to_string().contains("on purpose"), "{problem}");

        let response = ask(&config, "text/html,*/*;q=0.8", request).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "text/html; charset=utf-8",
            "{path}"
        );
        assert_eq!(response.headers().get(ALLOW), allowed.as_ref(), "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let page = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            page.contains(words) && !page.contains("on purpose"),
            "{page}"
        );
    }
}

/// Hears what requests took.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Spent>>>);

impl ObserveRequests for Heard {
    fn finished(&self, request: &FinishedRequest<'_>) {
        self.0.lock().unwrap().push(request.spent);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_a_body_slowly_makes_no_request_slow() {
    let (config, heard) = (Config::default(), Heard::default());
    let layer = PerformanceLayer::new().observe(heard.clone());
    let app = measured(&config, Some(&layer));
    let send = async |parts: u32, every: Duration| {
        let parts = stream::iter(0..parts).then(move |_| async move {
            sleep(every).await;
            Ok::<_, Infallible>("part")
        });
        let request = Request::post("/read").body(Body::from_stream(parts));
        let response = app.clone().oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        response.into_body().collect().await.unwrap();
        let spent = heard.0.lock().unwrap().pop().unwrap();
        (status.as_u16(), spent.total, spent.client)
    };
    let second = Duration::from_secs(1);
    assert_eq!(
        send(5, 4 * second).await,
        (200, Duration::ZERO, 20 * second)
    );
    // Until that was too slow, or too long in all.
    let (body, request) = (config.http.body_time(), config.http.request_time());
    let (status, total, client) = send(1, 3600 * second).await;
    assert_eq!((total, client), (Duration::ZERO, body), "{status}");
    assert_eq!(send(1000, body / 2).await, (408, Duration::ZERO, request));
}

#[tokio::test]
async fn a_head_that_says_too_much_is_refused_in_words() {
    let config = Config::default();
    let headers_max = config.http.headers_max.count();
    let header_bytes_max = config.http.header_bytes_max.count();
    let check = async |count: usize, bytes: usize, status: u16| {
        let mut request = Request::builder().method("POST").uri("/read");
        for _ in 0..count {
            request = request.header("cookie", "x".repeat(bytes / count));
        }
        let request = request.body(Body::empty()).unwrap();
        let response = troubled(&config).oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{count} headers, {bytes} bytes");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let words = b"That was too much at once";
        let said = body.windows(words.len()).any(|part| part == words);
        assert_eq!(said, status == 431);
    };
    check(headers_max, 0, 200).await;
    check(headers_max + 1, 0, 431).await;
    check(1, header_bytes_max - 100, 200).await;
    check(1, header_bytes_max, 431).await;
}

#[tokio::test(start_paused = true)]
async fn every_response_keeps_browsers_from_harm() {
    let encrypted = Config {
        public_url: Some("https://shops.example".parse().unwrap()),
        ..Config::default()
    };
    for (config, remembered) in [(Config::default(), false), (encrypted, true)] {
        for path in ["/panic", "/slow", "/read", "/nowhere"] {
            for accept in ["text/html", "application/json"] {
                let response = ask(&config, accept, ("GET", path, 0)).await;
                let headers = response.headers();
                for (name, value) in [
                    ("x-content-type-options", "nosniff"),
                    ("referrer-policy", "strict-origin-when-cross-origin"),
                    ("cross-origin-opener-policy", "same-origin"),
                    ("x-frame-options", "DENY"),
                    ("x-xss-protection", "1; mode=block"),
                ] {
                    assert_eq!(headers[name], value, "{path} {accept}");
                }
                let devices = headers["permissions-policy"].to_str().unwrap();
                assert!(devices.contains("camera=()"), "{devices}");
                let policy = headers["content-security-policy"].to_str().unwrap();
                assert!(policy.contains("default-src 'none'"), "{policy}");
                assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
                let encrypted_only = headers.get("strict-transport-security");
                assert_eq!(encrypted_only.is_some(), remembered, "{path} {accept}");
            }
        }
    }
}
