//! Under a real server, where connections carry many requests or become something else.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, UPGRADE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tenancy_observability::layer::{Outcome, PerformanceLayer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;
use tower::{Layer as _, service_fn};

use super::witness::Witness;

const STREAMS: usize = 100;

#[tokio::test]
async fn a_hundred_streams_of_one_connection_are_a_hundred_requests() {
    let witness = Witness::default();
    let layer = PerformanceLayer::new().observe(witness.clone());
    let together = Arc::new(Barrier::new(STREAMS + 1));
    let service = layer.layer(service_fn({
        let together = together.clone();
        move |_: Request<Incoming>| {
            let together = together.clone();
            async move {
                together.wait().await; // all are there
                together.wait().await; // they may go
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("done")))
            }
        }
    }));
    let (client, server) = tokio::io::duplex(64 * 1024);
    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(server), TowerToHyperService::new(service));
    tokio::spawn(serving);
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client))
            .await
            .unwrap();
    tokio::spawn(connection);
    let asking = (0..STREAMS).map(|_| {
        let mut client = client.clone();
        tokio::spawn(async move {
            let request = Request::get("http://shops.test/").body(Empty::<Bytes>::new());
            let response = client.send_request(request.unwrap()).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        })
    });
    let asking: Vec<_> = asking.collect();
    together.wait().await;
    assert_eq!(layer.in_flight(), STREAMS);
    together.wait().await;
    for asked in asking {
        assert_eq!(asked.await.unwrap(), "done");
    }
    assert_eq!(layer.in_flight(), 0);
    let seen = witness.all();
    assert_eq!(seen.len(), STREAMS);
    assert!(seen.iter().all(|seen| seen.outcome == Outcome::Answered));
}

#[tokio::test]
async fn a_connection_that_becomes_something_else_is_no_request_any_more() {
    let witness = Witness::default();
    let layer = PerformanceLayer::new().observe(witness.clone());
    let service = layer.layer(service_fn(async |mut request: Request<Incoming>| {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            let mut word = [0; 4];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(&word).await.unwrap();
        });
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        let response = response
            .header(CONNECTION, "upgrade")
            .header(UPGRADE, "echo");
        Ok::<_, Infallible>(response.body(Full::<Bytes>::default()).unwrap())
    }));
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(server), TowerToHyperService::new(service))
        .with_upgrades();
    tokio::spawn(serving);
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    client.write_all(b"ping").await.unwrap();
    let mut echo = [0; 4];
    client.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"ping");
    assert_eq!(layer.in_flight(), 0);
    let seen = witness.only();
    assert_eq!((seen.outcome, seen.status), (Outcome::Answered, Some(101)));
}
