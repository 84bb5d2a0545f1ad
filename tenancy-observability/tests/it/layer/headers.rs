//! What clients are told.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tenancy_observability::layer::{PerformanceLayer, RequestRoute};
use tokio::task::yield_now;
use tokio::time::sleep;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::witness::Witness;

fn router(layer: PerformanceLayer) -> Router {
    Router::new()
        .route("/products/{id}", get("product"))
        .route("/own", get([("x-response-time", "7ms")]))
        .route("/unchanged", get(StatusCode::NOT_MODIFIED))
        .route("/broken", get(StatusCode::INTERNAL_SERVER_ERROR))
        .layer(layer)
}

#[tokio::test(start_paused = true)]
async fn every_answer_tells_its_time_once() {
    let service = router(PerformanceLayer::new());
    let check = async |method: &str, path: &str, status: u16| {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        let times = response.headers().get_all("x-response-time");
        let times: Vec<_> = times.iter().collect();
        assert_eq!(times, ["0.000ms"], "{method} {path}");
    };
    check("GET", "/products/1", 200).await;
    check("HEAD", "/products/1", 200).await;
    check("POST", "/products/1", 405).await;
    check("OPTIONS", "/products/1", 405).await;
    check("GET", "/own", 200).await;
    check("GET", "/unchanged", 304).await;
    check("GET", "/broken", 500).await;
    check("GET", "/nothing", 404).await;
}

#[tokio::test]
async fn paths_and_methods_that_clients_make_up_become_one_name_each() {
    let witness = Witness::default();
    let service = router(PerformanceLayer::new().observe(witness.clone()));
    for number in 0..100 {
        for path in ["/products/", "/nothing/"] {
            let method = format!("MADEUP{number}");
            let request = Request::builder()
                .method(&*method)
                .uri(format!("{path}{number}"));
            let request = request.body(Body::empty()).unwrap();
            let response = service.clone().oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
    }
    let seen = witness.all();
    let mut names: Vec<_> = seen
        .iter()
        .map(|seen| (seen.method, &*seen.route))
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names,
        [("_OTHER", "/products/{id}"), ("_OTHER", "unmatched")]
    );
}

#[tokio::test]
async fn a_route_is_what_a_function_or_an_inner_service_says() {
    let witness = Witness::default();
    let inner = service_fn(async |request: Request<()>| {
        if let Some(route) = request.extensions().get::<RequestRoute>() {
            route.set("/inner");
            route.set("/later");
        }
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let layer = PerformanceLayer::new()
        .observe(witness.clone())
        .route(|request| {
            let is_known = request.uri.path().starts_with("/rpc/");
            is_known.then(|| "/rpc/{method}".into())
        });
    for path in ["/rpc/1", "/else"] {
        let request = Request::get(path).body(()).unwrap();
        layer.layer(inner).oneshot(request).await.unwrap();
    }
    let seen = witness.all();
    let routes: Vec<_> = seen.iter().map(|seen| &*seen.route).collect();
    assert_eq!(routes, ["/rpc/{method}", "/inner"]);
}

/// Reads `Server-Timing` as a list of tokens, each with a `dur` alone.
pub(super) fn timings(headers: &HeaderMap) -> Vec<(String, f64)> {
    let is_token = |text: &str| {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !text.is_empty() && text.bytes().all(is_allowed)
    };
    let lines = headers.get_all("server-timing").iter();
    let entries = lines.flat_map(|line| line.to_str().unwrap().split(", "));
    let read = |entry: &str| {
        let (name, duration) = entry.split_once(";dur=").unwrap();
        assert!(is_token(name) && is_token(duration), "{entry:?}");
        (name.to_owned(), duration.parse().unwrap())
    };
    entries.map(read).collect()
}

#[tokio::test(start_paused = true)]
async fn timings_go_to_those_who_may_see_them_after_those_of_inner_services() {
    let inner = service_fn(async |request: Request<()>| {
        sleep(Duration::from_millis(1_234)).await;
        let response = Response::builder();
        let response = match request.uri().path() {
            "/long" => response.header("server-timing", "x".repeat(1000)),
            _ => response.header("server-timing", "render;dur=3.5"),
        };
        Ok::<_, Infallible>(response.body(Full::<Bytes>::default()).unwrap())
    });
    let ask = async |layer: PerformanceLayer, path: &str| {
        let request = Request::get(path).body(()).unwrap();
        let response = layer.layer(inner).oneshot(request).await.unwrap();
        response.headers().clone()
    };
    let shown = ask(PerformanceLayer::new().show_timing(|_| true), "/").await;
    let expected = [("render", 3.5), ("cpu", 0.0), ("wait", 1234.0)];
    assert_eq!(
        timings(&shown),
        expected.map(|(name, time)| (name.to_owned(), time))
    );

    // Without a scope nobody has signed in.
    let hidden = ask(PerformanceLayer::new(), "/").await;
    assert_eq!(hidden.get("server-timing"), None);
    let left_alone = ask(PerformanceLayer::new().without_timing(), "/").await;
    assert_eq!(left_alone["server-timing"], "render;dur=3.5");
    let long = ask(PerformanceLayer::new().show_timing(|_| true), "/long").await;
    assert_eq!(long.get_all("server-timing").iter().count(), 1);
}

#[tokio::test]
async fn each_header_can_be_left_out() {
    let ask = async |layer: PerformanceLayer| {
        let inner = service_fn(async |_: Request<()>| {
            black_box(vec![1_u8; 1000]);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let response = layer.layer(inner).oneshot(Request::default()).await;
        let headers = response.unwrap().headers().clone();
        let mut names: Vec<_> = headers.keys().map(|name| name.to_string()).collect();
        names.sort();
        names
    };
    let layer = || PerformanceLayer::new().show_timing(|_| true);
    assert_eq!(
        ask(layer()).await,
        ["server-timing", "x-memory-usage", "x-response-time"]
    );
    assert_eq!(
        ask(layer().response_time(false)).await,
        ["server-timing", "x-memory-usage"]
    );
    assert_eq!(
        ask(layer().memory_usage(false)).await,
        ["server-timing", "x-response-time"]
    );
    assert_eq!(
        ask(layer().without_timing()).await,
        ["x-memory-usage", "x-response-time"]
    );
}

#[tokio::test]
async fn interleaved_requests_never_mix_what_they_ask_for() {
    async fn work(State(()): State<()>, request: Request<Body>) -> &'static str {
        let is_greedy = request.uri().path() == "/greedy";
        let mut kept = Vec::new();
        for _ in 0..8 {
            yield_now().await;
            if is_greedy {
                kept.push(black_box(vec![1_u8; 1024 * 1024]));
            }
        }
        "done"
    }
    let service = Router::new().fallback(work).with_state(());
    let service = service.layer(PerformanceLayer::new().show_timing(|_| true));
    let bytes = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let bytes = response.headers()["x-memory-usage"].to_str().unwrap();
        bytes.parse::<u64>().unwrap()
    };
    let (greedy, modest) = tokio::join!(bytes("/greedy"), bytes("/modest"));
    assert!(greedy >= 8 * 1024 * 1024, "{greedy}");
    assert!(modest < 100_000, "{modest}");
}

#[tokio::test]
async fn a_request_s_trace_goes_on_inside() {
    use tenancy_observability::trace_context::TraceContext;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let witness = Witness::default();
    let inner = service_fn(async |request: Request<()>| {
        let trace: &TraceContext = request.extensions().get().unwrap();
        let mut outgoing = Response::new(Full::<Bytes>::default());
        trace.write(outgoing.headers_mut());
        Ok::<_, Infallible>(outgoing)
    });
    let service = PerformanceLayer::new()
        .observe(witness.clone())
        .layer(inner);
    let sent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let request = Request::get("/").header("traceparent", sent);
    let response = service.oneshot(request.body(()).unwrap()).await.unwrap();
    let passed_on = response.headers()["traceparent"].to_str().unwrap();
    assert!(passed_on.starts_with(&format!("00-{TRACE}-")) && !passed_on.contains("b7ad6b71"));
    assert_eq!(witness.only().trace_id, TRACE);
}
