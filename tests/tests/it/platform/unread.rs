//! Clients that ask and do not read what they are answered.

use std::io::{ErrorKind, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tenancy_tests::Server;

use super::Town;

/// A connection that asks for pages until no more of its questions are taken.
fn unread(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nonblocking(true).unwrap();
    let question = b"GET /assets/shop.css HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500);
    let mut taken = Instant::now();
    // While the server keeps up, it takes more; what it cannot send, it stops asking for.
    while taken.elapsed() < Duration::from_millis(300) {
        match stream.write(&question) {
            Ok(_) => taken = Instant::now(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    stream
}

async fn town(write_seconds: &str) -> Town {
    let address = Server::free_address();
    let settings = [
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_HTTP__CONNECTIONS_MAX", "4".to_owned()),
        ("TENANCY_HTTP__DRAIN_SECONDS", "2".to_owned()),
        ("TENANCY_HTTP__WRITE_SECONDS", write_seconds.to_owned()),
    ];
    Town::start(address, settings.to_vec(), &["serve"], None).await
}

#[tokio::test]
async fn clients_that_do_not_read_lose_their_connections_to_those_who_do() {
    let town = town("1").await;
    let clients: Vec<_> = (0..4).map(|_| unread(town.address)).collect();
    let asked = Instant::now();
    assert_eq!(town.get("localhost", "/").await.0, 200);
    assert!(asked.elapsed() < Duration::from_secs(10));
    drop(clients);
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn the_end_waits_for_clients_that_do_not_read_no_longer_than_for_others() {
    let town = town("600").await;
    let clients: Vec<_> = (0..3).map(|_| unread(town.address)).collect();
    let asked = Instant::now();
    assert!(town.server.terminate().await.success());
    assert!(asked.elapsed() < Duration::from_secs(10));
    drop(clients);
}
