//! The socket through which commands ask a running server.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tenancy_tests::Server;

use super::Town;

const WHY: [&str; 5] = ["cache", "why", "--tenant", "acme", "/api/products"];
const NOBODY: &str = "no server runs here with its data in";

fn socket(town: &Town) -> PathBuf {
    Path::new(town.data()).join("control.sock")
}

/// What the server says to a line.
fn told(town: &Town, line: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket(town)).unwrap();
    stream.write_all(line).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn is_heard(town: &Town) -> bool {
    town.command(&WHY)["verdict"] == "missing"
}

/// Starts another server with the same data.
async fn beside(town: &Town) -> Town {
    let address = Server::free_address();
    let mut settings = vec![("TENANCY_LISTEN", address.to_string())];
    settings.push(("TENANCY_DATA", town.data().to_owned()));
    Town::start(address, settings, &["serve"], None).await
}

#[tokio::test]
async fn the_socket_is_the_servers_users_own_and_goes_with_the_server() {
    let town = Town::on_sqlite().await;
    town.command(&["tenant", "create", "acme"]);
    assert!(is_heard(&town));
    let found = fs::metadata(socket(&town)).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    assert!(town.server.terminate().await.success());
    assert!(!socket(&town).exists());
    assert!(town.fails(&WHY).contains(NOBODY), "{}", town.fails(&WHY));
}

#[tokio::test]
async fn what_a_killed_server_leaves_behind_is_replaced() {
    let town = Town::on_sqlite().await;
    town.command(&["tenant", "create", "acme"]);
    assert!(is_heard(&town));
    town.server.kill().await;
    assert!(socket(&town).exists());
    assert!(town.fails(&WHY).contains(NOBODY), "{}", town.fails(&WHY));
    let next = beside(&town).await;
    assert!(is_heard(&next));
}

#[tokio::test]
async fn of_two_servers_with_one_folder_the_second_is_heard_when_the_first_has_ended() {
    let town = Town::on_sqlite().await;
    town.command(&["tenant", "create", "acme"]);
    let second = beside(&town).await;
    assert!(is_heard(&town));
    let warned = second.server.stderr();
    assert!(warned.contains("another server has the socket"), "{warned}");
    assert!(town.server.terminate().await.success());
    let since = Instant::now();
    while !socket(&second).exists() {
        assert!(since.elapsed() < Duration::from_secs(5));
    }
    assert!(is_heard(&second));
    assert!(second.server.terminate().await.success());
}

#[tokio::test]
async fn who_says_nothing_or_nonsense_keeps_nobody_from_asking() {
    let town = Town::on_sqlite().await;
    town.command(&["tenant", "create", "acme"]);
    let unknown = told(&town, b"{\"ask\":\"the_time\"}\n");
    assert!(unknown.contains("does not know this request"), "{unknown}");
    // As much as the server reads; of who writes more it takes its leave in the middle of a word.
    let endless = told(&town, &vec![b'a'; 256 * 1024]);
    assert!(endless.contains("the line has no end"), "{endless}");
    let open = || UnixStream::connect(socket(&town)).unwrap();
    let silent: Vec<_> = std::iter::repeat_with(open).take(12).collect();
    assert!(is_heard(&town));
    assert!(town.server.terminate().await.success());
    drop(silent);
}
