//! The reference server as a stranger meets it: started, visited, commanded and ended.

mod advise;
mod alerts;
mod bench;
mod control;
mod cut_off;
mod dashboards;
mod defence;
// Linux tells the most memory that a process had.
#[cfg(target_os = "linux")]
mod health;
mod import_memory;
mod journal;
// Linux has all of 127.0.0.0/8 for the asking.
#[cfg(target_os = "linux")]
mod many_connections;
mod many_shops;
mod metrics;
mod names;
mod observatory;
mod onboard;
mod open_files;
mod outage;
mod output;
mod private;
mod product_files;
mod readiness;
mod refusals;
mod secrets;
mod sentry;
mod sign_in;
mod tls;
mod unread;
mod walk;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use tenancy_tests::{Server, shared_data};

use super::town::{Town, run};

/// A server on each database, with the shop `quillmoor`.
async fn both_with_a_shop() -> [Town; 2] {
    let on_postgres = Town::on_postgres().await;
    on_postgres.command(&["tenant", "create", "quillmoor"]);
    [Town::embedded().await, on_postgres]
}

#[tokio::test]
async fn without_arguments_it_opens_three_shops_that_see_only_their_own() {
    let town = Town::embedded().await;
    let (status, landing) = town.get("localhost", "/").await;
    assert_eq!(status, 200);
    for shop in ["quillmoor", "kettenspatz", "mistgate"] {
        assert!(
            landing.contains(&format!("http://{shop}.localhost")),
            "{landing}"
        );
        assert_eq!(town.get(&format!("{shop}.localhost"), "/").await.0, 200);
    }
    assert_eq!(town.server.stdout().matches("tk_").count(), 3);
    // A product of one shop is unknown in another, in the same words as one that never was.
    let product = "/products/bottle-vase";
    let (status, page) = town.get("quillmoor.localhost", product).await;
    assert!(status == 200 && page.contains("Bottle"), "{page}");
    assert_eq!(town.get("mistgate.localhost", product).await.0, 404);
    assert_eq!(
        town.get("mistgate.localhost", "/products/never-was")
            .await
            .0,
        404
    );
    assert_eq!(town.get("localhost", product).await.0, 404);
    assert_eq!(town.get("nobody.localhost", "/").await.0, 404);
    let (_, found) = town.get("quillmoor.localhost", "/products?q=vase").await;
    assert!(
        found.contains(product) && !found.contains("breakfast-bowl"),
        "{found}"
    );
    let forged = town
        .get("quillmoor.localhost", "/products?cursor=forged")
        .await;
    assert_eq!(forged.0, 404);
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn a_running_server_honours_commands_within_a_second() {
    for town in both_with_a_shop().await {
        let shop = "quillmoor.localhost";
        assert_eq!(town.get(shop, "/").await.0, 200);
        assert_eq!(town.get("www.quillmoor.test", "/").await.0, 404);
        assert_eq!(town.get("fresh.localhost", "/").await.0, 404);
        let bound = Duration::from_millis(1100);
        let check = async |arguments: &[&str], host: &str, status: u16| {
            town.command(arguments);
            let waited = town.until(host, status).await;
            assert!(waited < bound, "{arguments:?} took {waited:?}");
        };
        check(&["tenant", "suspend", "quillmoor"], shop, 403).await;
        check(&["tenant", "resume", "quillmoor"], shop, 200).await;
        check(&["tenant", "maintenance", "quillmoor", "on"], shop, 503).await;
        check(&["tenant", "maintenance", "quillmoor", "off"], shop, 200).await;
        // What was asked for in vain before is found once it is there.
        check(&["tenant", "create", "fresh"], "fresh.localhost", 200).await;
        let add = [
            "domain",
            "add",
            "--tenant",
            "quillmoor",
            "www.quillmoor.test",
        ];
        check(&add, "www.quillmoor.test", 200).await;
        let remove = [
            "domain",
            "remove",
            "--tenant",
            "quillmoor",
            "www.quillmoor.test",
        ];
        check(&remove, "www.quillmoor.test", 404).await;
        assert!(town.server.terminate().await.success());
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_cut_off_and_delays_nobody() {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_HTTP__HEADER_SECONDS", "1".to_owned()),
    ];
    let town = Town::start(address, settings, &[], None).await;
    // Some say nothing at all, some begin as HTTP/2 would, some stop within a header.
    let beginnings: [&[u8]; 4] = [
        b"",
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"GET / HTTP/1.1\r\nHost: quill",
    ];
    let mut slow: Vec<TcpStream> = beginnings
        .repeat(12)
        .into_iter()
        .map(|beginning| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(beginning).unwrap();
            stream
        })
        .collect();
    assert_eq!(town.get("quillmoor.localhost", "/").await.0, 200);
    for stream in &mut slow {
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).unwrap();
        let mut answer = Vec::new();
        // Closed, with or without a last word: never left open.
        let _ = stream.read_to_end(&mut answer).map_err(|error| {
            assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "still open");
        });
    }
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn a_client_that_never_finishes_its_body_is_told_and_cut_off() {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_HTTP__BODY_SECONDS", "1".to_owned()),
    ];
    let town = Town::start(address, settings, &[], None).await;
    let printed = town.server.stdout();
    let line = printed.lines().find(|line| line.contains("quillmoor"));
    let (_, key) = line.unwrap().rsplit_once(' ').unwrap();
    let request = format!(
        "POST /api/products HTTP/1.1\r\nHost: quillmoor.localhost\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"name\":"
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(
        answer.contains("the rest of the body did not come"),
        "{answer}"
    );
    assert_eq!(town.get("quillmoor.localhost", "/").await.0, 200);
    assert!(town.server.terminate().await.success());
}

#[test]
fn a_merchants_file_is_imported_and_survives_being_exported_and_imported_again() {
    let Some(given) = shared_data("shopify/bicycles.csv") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = [("TENANCY_DATA", folder.path().display().to_string())];
    let path = |name: &str| folder.path().join(name).display().to_string();
    let import = |tenant: &str, file: &str, more: &[&str]| {
        let mut arguments = vec!["catalog", "import", "--tenant", tenant];
        arguments.extend(["--format", "shopify", file]);
        arguments.extend(more);
        let said = run(&settings, &arguments);
        assert_eq!(
            [&said["products"], &said["variants"], &said["images"]],
            [284, 1121, 278]
        );
        assert_eq!(said["errors"], serde_json::json!([]));
        said["warnings"].as_array().unwrap().len()
    };
    let export = |tenant: &str, name: &str| {
        let file = path(name);
        let mut arguments = vec!["catalog", "export", "--tenant", tenant];
        arguments.extend(["--format", "shopify", &file]);
        let products = run(&settings, &arguments)["products"].clone();
        (products, std::fs::read(file).unwrap())
    };
    for tenant in ["first", "second"] {
        run(&settings, &["tenant", "create", tenant]);
    }
    let given = given.display().to_string();
    assert_eq!(import("first", &given, &["--dry-run"]), 56);
    assert_eq!(export("first", "none.csv").0, 0);
    assert_eq!(import("first", &given, &[]), 56);
    let (products, once) = export("first", "once.csv");
    assert_eq!(products, 284);
    assert_eq!(export("second", "none.csv").0, 0);
    import("second", &path("once.csv"), &[]);
    assert!(export("second", "twice.csv").1 == once);
}
