//! Who is asked for what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderName, HeaderValue, Request};
use tenancy_observability::load_test::{Caller, Connections, Endpoint, Report, Run, run_times};

use super::oracle::{builder, closed, count, run, serve};

type Seen = Arc<Mutex<HashMap<(String, String), u64>>>;

/// Counts requests by host and path, which needs the credential that belongs to the host.
async fn counting(seen: Seen) -> std::net::SocketAddr {
    let counted = any(move |request: Request<axum::body::Body>| {
        let header = |name: HeaderName| {
            let value = request.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        let host = header(HOST).unwrap();
        assert_eq!(header(AUTHORIZATION), Some(format!("Bearer of {host}")));
        let path = request.uri().to_string();
        *seen.lock().unwrap().entry((host, path)).or_default() += 1;
        async {}
    });
    serve(Router::new().fallback(counted)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_and_tenants_are_kept_to_by_many_users() {
    let seen = Seen::default();
    let address = counting(seen.clone()).await;
    let mut test = builder(address, closed(50)).await;
    for (path, weight) in [("/often", 3), ("/seldom", 1)] {
        test = test.endpoint(Endpoint::get(path).weight(count(weight)));
    }
    for host in ["acme.localhost", "globex.localhost"] {
        let credential = HeaderValue::from_str(&format!("Bearer of {host}")).unwrap();
        let caller = Caller::new(host).host(HeaderValue::from_static(host));
        test = test.caller(caller.header(AUTHORIZATION, credential));
    }
    let test = test.requests_per_endpoint(2000.try_into().unwrap());
    let run = run(test.duration(Duration::from_secs(60))).await;
    let seen = seen.lock().unwrap();
    // Each figure is what the weights say, so any test of goodness of fit is passed with nothing left.
    for host in ["acme.localhost", "globex.localhost"] {
        for (path, count) in [("/often", 1500), ("/seldom", 500)] {
            assert_eq!(
                seen[&(host.to_owned(), path.to_owned())],
                count,
                "{host}{path}"
            );
        }
    }
    let by_caller = run.callers.iter();
    let by_caller = by_caller.map(|caller| (caller.name.as_str(), caller.series.succeeded));
    let by_caller: Vec<_> = by_caller.collect();
    assert_eq!(
        by_caller,
        [("acme.localhost", 2000), ("globex.localhost", 2000)]
    );
}

/// There are too many of them to keep each run's.
#[tokio::test(flavor = "multi_thread")]
async fn what_callers_did_is_kept_for_all_runs_together() {
    let address = serve(Router::new().fallback(any(async || ()))).await;
    let mut test = builder(address, closed(2))
        .await
        .endpoint(Endpoint::get("/"));
    for name in ["acme", "globex"] {
        test = test.caller(Caller::new(name));
    }
    let test = test.requests_per_endpoint(20.try_into().unwrap());
    let test = Arc::new(test.build().unwrap());
    let runs = run_times(&test, 3, std::future::pending(), |_, _| ()).await;
    let callers = |run: &Run| {
        let callers = run.callers.iter();
        let callers = callers.map(|caller| (caller.name.clone(), caller.series.succeeded));
        callers.collect::<Vec<_>>()
    };
    let all = [("acme".to_owned(), 30), ("globex".to_owned(), 30)];
    assert_eq!(callers(&runs[0]), all);
    assert_eq!(callers(&runs[1]).len() + callers(&runs[2]).len(), 0);
    assert!(runs.iter().all(|run| run.all().succeeded == 20));
    let report = Report::new(&test, runs, &[]);
    assert_eq!(callers(&report.merged()), all);
    assert_eq!(report.merged().all().succeeded, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_used_again_unless_each_request_is_to_have_its_own() {
    for (connections, fewest, most) in [(Connections::Kept, 1, 2), (Connections::New, 40, 40)] {
        let peers = Arc::new(Mutex::new(std::collections::HashSet::new()));
        let noted = peers.clone();
        let app = Router::new().fallback(any(
            move |peer: axum::extract::ConnectInfo<std::net::SocketAddr>| {
                noted.lock().unwrap().insert(peer.0);
                async {}
            },
        ));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async { axum::serve(listener, app).await });
        let test = builder(address, closed(2))
            .await
            .endpoint(Endpoint::get("/"));
        let test = test
            .connections(connections)
            .requests_per_endpoint(40.try_into().unwrap());
        assert_eq!(run(test).await.all().succeeded, 40);
        let peers = peers.lock().unwrap().len();
        assert!((fewest..=most).contains(&peers), "{peers} connections");
    }
}
