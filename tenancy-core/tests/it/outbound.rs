//! Requests to other servers, over sockets.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::LOCATION;
use http::{Request, StatusCode};
use tenancy_core::outbound::{ErrorKind, Outbound, OutboundBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that answers everything with these bytes, and tells what it was sent.
async fn answering(answer: Vec<u8>) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 4096];
            let length = stream.read(&mut heard).await.unwrap();
            heard.truncate(length);
            tell.send(String::from_utf8(heard).unwrap()).unwrap();
            // Who has read enough may have gone.
            let _ = stream.write_all(&answer).await;
        }
    });
    (address, told)
}

fn inside() -> OutboundBuilder {
    Outbound::builder().internal_addresses()
}

fn post(url: &str) -> Request<Bytes> {
    let body = Bytes::from_static(b"hello");
    Request::post(url)
        .header("x-kind", "test")
        .body(body)
        .unwrap()
}

fn with_body(length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), &vec![b'a'; length]].concat()
}

#[tokio::test]
async fn a_request_arrives_whole_and_its_answer_comes_back_whatever_its_status() {
    let refusal =
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 5\r\n\r\nlater";
    let (address, mut told) = answering(refusal.into()).await;
    let outbound = inside().build().unwrap();
    let answer = outbound
        .send(post(&format!("http://{address}/a?b=c")))
        .await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.body(), "later");
    let heard = told.recv().await.unwrap();
    assert!(heard.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{heard}");
    assert!(
        heard.contains("x-kind: test\r\n") && heard.ends_with("\r\n\r\nhello"),
        "{heard}"
    );
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let (elsewhere, mut told) = answering(with_body(0)).await;
    let redirect =
        format!("HTTP/1.1 307 Go\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _first) = answering(redirect.into()).await;
    let answer = inside()
        .build()
        .unwrap()
        .send(post(&format!("http://{address}/")))
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers()[LOCATION], format!("http://{elsewhere}/"));
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_has_a_size_and_a_request_a_time() {
    let outbound = inside()
        .answer_bytes_max(1_000)
        .time_out(Duration::from_millis(300));
    let outbound = outbound.build().unwrap();
    let send = async |answer: Vec<u8>| {
        let (address, _told) = answering(answer).await;
        let answer = outbound.send(post(&format!("http://{address}/"))).await;
        answer
            .map(|answer| answer.body().len())
            .map_err(|error| error.kind())
    };
    assert_eq!(send(with_body(1_000)).await, Ok(1_000));
    assert_eq!(send(with_body(1_001)).await, Err(ErrorKind::TooLarge));
    let (address, _told) = answering(with_body(1_001)).await;
    let error = outbound.send(post(&format!("http://{address}/"))).await;
    let error = error.unwrap_err();
    let head = error.head().unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["content-length"], "1001");
    // What is announced and does not come.
    let broken = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec();
    assert_eq!(send(broken).await, Err(ErrorKind::Unreachable));
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let error = outbound.send(post(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(silent);
    let error = outbound.send(post(&url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let error = outbound.send(post("ftp://127.0.0.1/")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn internal_addresses_are_called_only_where_that_is_allowed() {
    let (address, mut told) = answering(with_body(2)).await;
    let port = address.port();
    let guarded = Outbound::builder().build().unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        let error = guarded
            .send(post(&format!("http://{host}:{port}/")))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InternalAddress, "{host}");
    }
    assert!(told.try_recv().is_err());
    let open = inside().build().unwrap();
    let answer = open.send(post(&format!("http://localhost:{port}/"))).await;
    assert_eq!(answer.unwrap().body(), "aa");
}
