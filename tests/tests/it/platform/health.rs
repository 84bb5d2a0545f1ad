use std::process::Command;

use serde_json::{Value, json};
use tenancy_tests::Postgres;

use crate::town::Town;

const TOKEN: &str = "0123456789abcdef";

/// The status and document of `/health`, as one who shows a token gets them.
async fn health(town: &Town, token: Option<&str>) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("http://{}/health", town.address));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let kind = &answer.headers()["content-type"];
    assert_eq!(kind, "application/health+json");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The answers to probes, with all that stands in front of a request elsewhere.
#[tokio::test]
async fn probes_are_answered_for_any_host_without_a_limit_and_tell_nothing() {
    let server = Postgres::start().await;
    let limit = [
        ("TENANCY_HEALTH__TOKEN", TOKEN),
        ("TENANCY_LIMITS__ADDRESS", "3/h"),
    ];
    let town = Town::on(&server, &limit).await;
    let mut pages = vec![];
    for _ in 0..5 {
        pages.push(town.get("localhost", "/").await.0);
    }
    assert_eq!(pages.last(), Some(&429), "others are limited");
    for round in 0..50 {
        for host in ["localhost", "nobody.localhost", "other.example"] {
            for path in ["/livez", "/readyz"] {
                let (status, body) = town.get(host, path).await;
                let said = (status, &*body);
                assert_eq!(said, (200, r#"{"status":"pass"}"#), "{round} {host}{path}");
            }
        }
    }
    // This machine's disk and memory may be a reason to warn.
    for token in [None, Some("other")] {
        let (status, document) = health(&town, token).await;
        let members: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(status, 200);
        assert_eq!(members, ["status"], "{token:?}");
    }
    let (_, document) = health(&town, Some(TOKEN)).await;
    for part in [
        "database:responseTime",
        "disk:utilization",
        "files:responseTime",
    ] {
        assert!(
            document["checks"][part][0]["time"].is_string(),
            "{document}"
        );
    }

    server.stop().await;
    town.until_at("localhost", "/readyz", 503).await;
    assert_eq!(town.get("localhost", "/livez").await.0, 200);
    let (status, document) = health(&town, Some(TOKEN)).await;
    assert_eq!((status, &document["status"]), (503, &json!("fail")));
    let database = &document["checks"]["database:responseTime"][0];
    assert_eq!(database["output"], "the database does not answer");
    let told = document.to_string();
    for secret in [
        town.database.as_ref().unwrap().name(),
        "tenancy_app",
        "127.0.0.1",
    ] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    server.restart().await;
    town.until_at("localhost", "/readyz", 200).await;
}
#[tokio::test]
async fn a_server_that_is_asked_to_end_says_so_first_and_serves_on() {
    let address = tenancy_tests::Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_HEALTH__DRAIN_SECONDS", "600".to_owned()),
    ];
    let town = Town::start(address, settings, &["serve"], None).await;
    town.until_at("localhost", "/readyz", 200).await;
    let pid = town.server.pid().unwrap().to_string();
    let asked = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(asked.success());
    town.until_at("localhost", "/readyz", 503).await;
    let (_, body) = town.get("localhost", "/readyz").await;
    assert_eq!(body, r#"{"notes":["draining"],"status":"fail"}"#);
    // It is alive, and whoever has not heard of it is served.
    for _ in 0..20 {
        assert_eq!(town.get("localhost", "/livez").await.0, 200);
        assert_eq!(town.get("localhost", "/").await.0, 200);
    }
    // Asked once more it waits no longer.
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn the_command_shows_each_part() {
    let town = Town::on_postgres().await;
    let said = town.command(&["health"]);
    assert_eq!(
        (&said["status"], &said["database"]),
        (&json!("ok"), &json!("postgres"))
    );
    assert!(said["isolation"].is_object(), "{said}");
    let checks = said["health"]["checks"].as_object().unwrap();
    let names: Vec<_> = checks.keys().map(String::as_str).collect();
    let expected = [
        "database:responseTime",
        "disk:utilization",
        "files:responseTime",
        "journal:age",
        "memory:utilization",
    ];
    assert_eq!(names, expected);
    assert_eq!(checks["database:responseTime"][0]["status"], "pass");
}
