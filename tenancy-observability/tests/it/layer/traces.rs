//! What is sent to other servers names the request that it is sent for.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use tenancy_core::outbound::Outbound;
use tenancy_observability::layer::PerformanceLayer;
use tenancy_observability::trace_context::TraceContext;
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::witness::Witness;

/// Another server, which notes the headers that it is sent.
#[derive(Clone, Default)]
struct Other(Arc<Mutex<Vec<HeaderMap>>>);

impl Other {
    /// Its address.
    async fn start(&self) -> String {
        let kept = self.0.clone();
        let app = Router::new().fallback(async move |headers: HeaderMap| {
            kept.lock().unwrap().push(headers);
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        url
    }

    /// What it was sent since the last time: the trace and its state, by who asked.
    fn take(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let said = std::mem::take(&mut *self.0.lock().unwrap()).into_iter();
        let mut said: Vec<_> = said
            .map(|headers| {
                let text = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
                let asked_by = text("asked-by").unwrap();
                (asked_by, text("traceparent"), text("tracestate"))
            })
            .collect();
        said.sort();
        said
    }
}

fn outbound() -> Outbound {
    let outbound = Outbound::builder().internal_addresses();
    let outbound = outbound.headers(TraceContext::write_current);
    outbound.build().unwrap()
}

async fn ask(outbound: &Outbound, url: &str, asked_by: &str) {
    let request = Request::get(url).header("asked-by", asked_by);
    let request = request.body(Bytes::new()).unwrap();
    outbound.send(request).await.unwrap();
}

/// Two requests at once, in each of which another server is asked twice.
#[tokio::test]
async fn what_is_sent_for_a_request_names_its_trace_and_place() {
    const TRACES: [&str; 2] = [
        "0af7651916cd43dd8448eb211c80319c",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    ];
    let (other, witness) = (Other::default(), Witness::default());
    let (url, outbound) = (other.start().await, outbound());
    let both = Arc::new(Barrier::new(2));
    let inner = service_fn(async |request: Request<()>| {
        let name = request.uri().path()[1..].to_owned();
        both.wait().await;
        ask(&outbound, &url, &name).await;
        both.wait().await;
        ask(&outbound, &url, &name).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let service = PerformanceLayer::new()
        .observe(witness.clone())
        .layer(inner);
    let handle = async |name: &str, trace: &str| {
        let request = Request::get(format!("/{name}"))
            .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
            .header("tracestate", format!("who={name}"));
        let response = service.clone().oneshot(request.body(()).unwrap()).await;
        response.unwrap().into_body().collect().await.unwrap();
    };
    tokio::join!(handle("one", TRACES[0]), handle("two", TRACES[1]));
    let said = other.take();
    assert_eq!(said.len(), 4);
    for (name, trace, sent) in [
        ("one", TRACES[0], &said[..2]),
        ("two", TRACES[1], &said[2..]),
    ] {
        assert_eq!(sent[0], sent[1]);
        let (asked_by, parent, state) = &sent[0];
        let parent = parent.as_deref().unwrap();
        assert_eq!(
            (&**asked_by, state.as_deref()),
            (name, Some(&*format!("who={name}")))
        );
        // This server's own place in the trace, not its caller's.
        let place = parent.strip_prefix(&format!("00-{trace}-")).unwrap();
        let place = place.strip_suffix("-01").unwrap();
        assert!(place.len() == 16 && place != "b7ad6b7169203331", "{parent}");
    }
}

/// A request without a trace begins one, and what is sent for nobody's names none.
#[tokio::test]
async fn what_is_sent_outside_of_a_request_names_no_trace() {
    let (other, witness) = (Other::default(), Witness::default());
    let (url, outbound) = (other.start().await, outbound());
    ask(&outbound, &url, "before").await;
    let inner = service_fn(async |_: Request<()>| {
        ask(&outbound, &url, "request").await;
        let (outbound, url) = (outbound.clone(), url.clone());
        let spawned = tokio::spawn(async move { ask(&outbound, &url, "spawned").await });
        spawned.await.unwrap();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let service = PerformanceLayer::new()
        .observe(witness.clone())
        .layer(inner);
    let request = Request::get("/").header("tracestate", "who=one");
    service.oneshot(request.body(()).unwrap()).await.unwrap();
    assert!(TraceContext::current().is_none());
    let said = other.take();
    let parents: Vec<_> = said
        .iter()
        .map(|(name, parent, _)| (&**name, parent))
        .collect();
    assert_eq!(
        (parents[0], parents[2]),
        (("before", &None), ("spawned", &None))
    );
    let (name, parent, state) = &said[1];
    assert_eq!((&**name, state), ("request", &None));
    let trace = &witness.only().trace_id;
    assert!(
        parent
            .as_ref()
            .unwrap()
            .starts_with(&format!("00-{trace}-"))
    );
}
