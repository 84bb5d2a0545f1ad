//! Whether a server tells the truth of itself, and in time.

mod answers;
mod parts;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::Redirect;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tenancy_observability::health::{Check, Finding, HealthLayer};
use tower::ServiceExt as _;

/// Counts how often a check was run.
#[derive(Clone)]
struct Counted<C> {
    check: C,
    runs: Arc<AtomicUsize>,
}

impl<C> Counted<C> {
    fn new(check: C) -> (Self, Arc<AtomicUsize>) {
        let runs = Arc::<AtomicUsize>::default();
        let counted = Self {
            check,
            runs: runs.clone(),
        };
        (counted, runs)
    }
}

impl<C: Check> Check for Counted<C> {
    async fn run(&self) -> Finding {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.check.run().await
    }
}

/// What everything else on this server does with a request: it sends it to another address.
fn redirecting(layer: HealthLayer) -> Router {
    let elsewhere = async || Redirect::temporary("https://shop.example/");
    Router::new().fallback(elsewhere).layer(layer)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn ask(app: &Router, method: Method, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(app: &Router, path: &str) -> Answer {
    ask(app, Method::GET, path, None).await
}
