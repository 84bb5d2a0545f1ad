//! A client that takes all the connections it can get.

use std::net::SocketAddr;
use std::time::Duration;

use tenancy_tests::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::Town;

/// Longer than any machine takes to notice that a connection was closed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection of the client at this address, and what the server answers on it, if anything.
async fn ask(address: SocketAddr, client: &str) -> (TcpStream, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{client}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let mut answer = vec![0; 1024];
    // Of a connection that the server has closed, nothing can be written or read.
    let sent = stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let read = match sent.await {
        Ok(()) => stream.read(&mut answer).await.unwrap_or(0),
        Err(_) => 0,
    };
    answer.truncate(read);
    (stream, String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn a_client_does_not_get_the_connections_of_all_others() {
    let address = Server::free_address();
    let settings = [
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_HTTP__CLIENT_CONNECTIONS_MAX", "2".to_owned()),
    ];
    let town = Town::start(address, settings.to_vec(), &["serve"], None).await;
    let (first, answer) = ask(address, "127.0.0.2").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (second, answer) = ask(address, "127.0.0.2").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(ask(address, "127.0.0.2").await.1, "");
    let (_, answer) = ask(address, "127.0.0.3").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop((first, second));
    let again = async { while ask(address, "127.0.0.2").await.1.is_empty() {} };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    assert!(town.server.terminate().await.success());
}
