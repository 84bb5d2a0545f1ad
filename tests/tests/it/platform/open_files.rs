//! A server whose system lets it open few files.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tempfile::TempDir;
use tenancy_tests::{Server, StartError};

/// Starts the embedded mode after a command of the shell that sets limits.
async fn limited(limit: &str, address: SocketAddr, folder: &TempDir) -> Result<Server, StartError> {
    let program = Server::built("platform").display().to_string();
    Server::builder("/bin/sh")
        .args(["-c", &format!("{limit} && exec \"$0\""), &program])
        .env("TENANCY_LISTEN", address.to_string())
        .env("TENANCY_DATA", folder.path().display().to_string())
        .env("TENANCY_DATABASE__CONNECTIONS", "4")
        .env("TENANCY_HTTP__CONNECTIONS_MAX", "400")
        .env("TENANCY_HTTP__CLIENT_CONNECTIONS_MAX", "400")
        .env("TENANCY_HTTP__HEADER_SECONDS", "2")
        .ready_when_answering(address)
        .patience(Duration::from_secs(20))
        .try_start()
        .await
}

async fn front_page(address: SocketAddr, slug: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("http://{address}/"));
    let request = request.header("host", format!("{slug}.localhost"));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn connections_leave_the_database_the_files_it_opens() {
    let (address, folder) = (Server::free_address(), tempfile::tempdir().unwrap());
    let server = limited("ulimit -n 200", address, &folder).await.unwrap();
    let log = server.stderr();
    assert!(
        log.contains("only 109 connections at once, not 400"),
        "{log}"
    );
    let idle: Vec<_> = (0..250)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    // Those that say nothing are cut off in the end; who comes behind them finds the shops open.
    for slug in ["quillmoor", "kettenspatz", "mistgate"] {
        assert_eq!(front_page(address, slug).await, 200, "{slug}");
    }
    drop(idle);
    assert!(server.terminate().await.success());
}

#[tokio::test]
async fn a_low_limit_is_raised_where_it_may_be_and_refused_where_too_little_remains() {
    let (address, folder) = (Server::free_address(), tempfile::tempdir().unwrap());
    let server = limited("ulimit -S -n 100", address, &folder).await.unwrap();
    let log = server.stderr();
    assert!(!log.contains("connections at once"), "{log}");
    assert!(server.terminate().await.success());

    let refused = limited("ulimit -n 95", address, &folder).await;
    let said = refused.err().unwrap().to_string();
    assert!(said.contains("the process may open 95 files"), "{said}");
}
