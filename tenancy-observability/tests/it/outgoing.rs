use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tenancy_core::outbound::Outbound;
use tenancy_observability::outgoing::SlowOutgoing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that gives each connection this answer; its address.
async fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                connection.read_buf(&mut request).await.unwrap();
            }
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

async fn send(outbound: &Outbound, method: &str, address: &str) -> bool {
    let url = format!("http://user:hunter2@{address}/hooks/hunter2?key=hunter2");
    let request = Request::builder().method(method).uri(url);
    outbound
        .send(request.body(Bytes::new()).unwrap())
        .await
        .is_ok()
}

const WELL: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn what_is_slow_is_kept_by_its_server_and_says_no_secret() {
    let slow = SlowOutgoing::new(Duration::ZERO);
    let outbound = Outbound::builder().internal_addresses();
    let outbound = outbound.observe(slow.observer()).build().unwrap();
    let (one, other) = (server(WELL).await, server(BUSY).await);
    for _ in 0..3 {
        assert!(send(&outbound, "POST", &one).await);
    }
    assert!(send(&outbound, "GET", &other).await);
    let mut worst = slow.worst(10);
    worst.sort_by_key(|server| std::cmp::Reverse(server.slow));
    let told: Vec<_> = worst
        .iter()
        .map(|server| {
            (
                &*server.method,
                &*server.host,
                server.slow,
                server.failures,
                server.status,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("POST", &*one, 3, 0, Some(204)),
            ("GET", &*other, 1, 1, Some(503))
        ]
    );
    assert!(worst.iter().all(|server| server.longest <= server.total));
    let written = serde_json::to_string(&worst).unwrap() + &format!("{slow:?} {outbound:?}");
    assert!(
        !written.contains("hunter2") && !written.contains("user"),
        "{written}"
    );
}

#[tokio::test]
async fn what_is_quick_and_well_is_not_kept_and_what_gets_no_answer_is() {
    let slow = SlowOutgoing::new(Duration::from_secs(3600));
    let outbound = Outbound::builder().internal_addresses();
    let outbound = outbound.observe(slow.observer()).build().unwrap();
    assert!(send(&outbound, "POST", &server(WELL).await).await);
    assert!(slow.worst(10).is_empty());
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    assert!(!send(&outbound, "POST", &address).await);
    let worst = slow.worst(10);
    let worst = (
        &*worst[0].host,
        worst[0].slow,
        worst[0].failures,
        worst[0].status,
    );
    assert_eq!(worst, (&*address, 0, 1, None));
}

#[tokio::test]
async fn servers_without_end_make_way_for_one_another() {
    let slow = SlowOutgoing::new(Duration::from_secs(3600));
    // None of these is called: they are of this machine's networks.
    let outbound = Outbound::builder()
        .observe(slow.observer())
        .build()
        .unwrap();
    for at in 0..300 {
        let address = format!("127.0.{}.{}", at / 250, at % 250 + 1);
        assert!(!send(&outbound, "POST", &address).await);
    }
    let worst = slow.worst(1000);
    assert_eq!(worst.len(), 100);
    assert!(worst.iter().any(|server| &*server.host == "127.0.1.50"));
    assert!(worst.iter().all(|server| &*server.host != "127.0.0.1"));
}
