//! Servers over TLS, and over HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::any;
use http::header::HOST;
use http::{HeaderMap, HeaderValue};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tenancy_observability::load_test::{
    Caller, Connections, Endpoint, LoadTest, LoadTestBuilder, Model, Reach, Run, Target,
};
use tenancy_observability::tls::Trust;
use tenancy_tests::TlsProxy;
use tokio::net::TcpListener;

use super::oracle::{closed, open, run, serve};

async fn test(url: &str, trust: Trust, model: Model) -> LoadTestBuilder {
    let target = Target::find_trusting(url, Reach::Private, &trust).await;
    LoadTest::builder(target.unwrap(), model)
        .endpoint(Endpoint::get("/"))
        .requests_per_endpoint(1000.try_into().unwrap())
        .duration(std::time::Duration::from_secs(600))
}

/// Asks the proxy, whose authority is trusted, for what tells the host of each request.
async fn ask(proxy: &TlsProxy, model: Model, connections: Connections) -> Run {
    let url = format!("https://localhost:{}", proxy.port());
    let trust = Trust::Authorities(proxy.authority());
    let host = HeaderValue::from_static("acme.localhost");
    let test = test(&url, trust, model).await.connections(connections);
    run(test.caller(Caller::new("acme").host(host))).await
}

/// Answers with the length of what it is called.
async fn naming() -> SocketAddr {
    let named = any(async |headers: HeaderMap| headers[HOST].to_str().unwrap().to_owned());
    serve(Router::new().fallback(named)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_over_tls_is_asked_in_the_protocol_that_it_prefers() {
    let address = naming().await;
    let proxies = [
        (TlsProxy::before(address).await, false),
        (TlsProxy::over_http2(address).await, true),
    ];
    for (proxy, http2) in proxies {
        for connections in [Connections::Kept, Connections::New] {
            // It ends each connection after a hundred requests, and a request under way is sent again.
            let run = ask(&proxy, closed(5), connections).await;
            let all = run.all();
            let failure = &run.first_failure;
            assert_eq!(all.succeeded, 1000, "{connections:?} {http2}: {failure:?}");
            assert_eq!(all.bytes, 1000 * "acme.localhost".len() as u64);
            assert_eq!((run.http2, failure), (http2, &None));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_looked_at_unless_it_is_said_that_it_need_not_be() {
    let proxy = TlsProxy::before(naming().await).await;
    let url = format!("https://127.0.0.1:{}", proxy.port());
    let run_trusting = async |url: &str, trust| run(test(url, trust, closed(2)).await).await;
    let trusted = run_trusting(&url, Trust::Insecure).await;
    assert_eq!(trusted.all().succeeded, 1000);
    // The first is signed by nobody whom this machine knows, the second has another name.
    let other = format!("https://globex.localhost:{}", proxy.port());
    for (url, trust) in [
        (&url, Trust::System),
        (&other, Trust::Authorities(proxy.authority())),
    ] {
        let run = run_trusting(url, trust).await;
        assert_eq!(run.all().unreachable, 1000);
        let failure = run.first_failure.unwrap();
        assert!(failure.contains("certificate"), "{failure}");
    }
}

/// Counts connections of HTTP/2 in the clear, which is all that it speaks.
async fn multiplexing() -> (Arc<AtomicUsize>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let app = Router::new().fallback(any(async || "hello"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let service = TowerToHyperService::new(app.clone());
            let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(serving);
        }
    });
    (connections, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http2_many_requests_share_a_connection() {
    for (model, connections, expected) in [
        (closed(50), Connections::Kept, 1),
        (open(2000.0, 90), Connections::Kept, 1),
        (closed(5), Connections::New, 1000),
    ] {
        let (made, address) = multiplexing().await;
        let test = test(&format!("http://{address}"), Trust::System, model).await;
        let run = run(test.http2().connections(connections)).await;
        let all = run.all();
        let failure = &run.first_failure;
        assert_eq!(all.succeeded + all.dropped, 1000, "{failure:?}");
        let made = made.load(Ordering::Relaxed);
        assert_eq!(made, expected, "{model:?} {connections:?}");
        assert!(run.http2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_http2_is_told_from_one_that_is_slow() {
    let proxy = TlsProxy::before(naming().await).await;
    let url = format!("https://localhost:{}", proxy.port());
    let test = test(&url, Trust::Authorities(proxy.authority()), closed(2)).await;
    let run = run(test.http2()).await;
    assert_eq!((run.all().unreachable, run.http2), (1000, false));
    assert!(run.first_failure.is_some());
}
