use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use tenancy_core::blob::BlobStore;
use tenancy_core::outbound::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

type Told = (String, String, Result<StatusCode, ErrorKind>);

/// What is told of a store's requests to a server that answers each with this head.
async fn told(head: &'static str) -> (String, Vec<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                connection.read_buf(&mut request).await.unwrap();
            }
            let _ = connection.write_all(head.as_bytes()).await;
        }
    });
    let heard = Arc::new(Mutex::new(vec![]));
    let hears = heard.clone();
    let endpoint = format!("http://{address}");
    let options = [
        ("access_key_id", "hunter2"),
        ("secret_access_key", "hunter2"),
        ("region", "eu-central-1"),
        ("endpoint", &endpoint),
        ("allow_http", "true"),
    ];
    let store = BlobStore::s3_observed("s3://pictures", options, move |exchange| {
        let (method, host) = (exchange.method.to_string(), exchange.host.to_owned());
        hears.lock().unwrap().push((method, host, exchange.outcome));
    });
    store
        .unwrap()
        .probe(Duration::from_secs(20))
        .await
        .unwrap_err();
    let heard = heard.lock().unwrap().clone();
    (address, heard)
}

#[tokio::test]
async fn each_request_to_s3_is_told_of_with_its_server_and_how_it_ended() {
    let put = |host: String, outcome| ("PUT".to_owned(), host, outcome);
    let (host, heard) =
        told("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(heard, [put(host, Ok(StatusCode::FORBIDDEN))]);
    let (host, heard) =
        told("HTTP/1.1 503 Slow Down\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    // It is tried twice more.
    let busy = put(host, Ok(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(heard, [busy.clone(), busy.clone(), busy]);
    let (host, heard) = told("").await;
    let broken = put(host, Err(ErrorKind::Unreachable));
    assert!(!heard.is_empty());
    assert!(heard.iter().all(|told| *told == broken), "{heard:?}");
}
