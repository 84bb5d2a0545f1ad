//! The platform's own load test.

use std::process::{Command, Output};

use serde_json::{Value, json};
use tenancy_tests::{Server, TlsProxy};

use super::Town;

/// The exit status of a load test, and the document that it printed.
fn bench(settings: &[(&'static str, String)], arguments: &[&str]) -> (i32, Value) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(Server::built("platform"))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .args(["bench", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&stderr);
    let document = serde_json::from_slice(&stdout);
    let document = document.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"));
    (status.code().expect("it ends by itself"), document)
}

const ALL: [&str; 7] = [
    "GET /api/products",
    "POST /api/products",
    "GET /api/orders",
    "POST /api/orders",
    "GET /api/customers",
    "GET /api/products?q=…",
    "POST /api/media",
];

async fn every_endpoint_is_asked_and_nothing_is_left_open(town: Town) {
    let arguments = ["--users", "4", "--requests", "20", "--tenants", "2"];
    let required = ["--require", "success_rate==100%"];
    // The second finds the shops of the first.
    for _ in 0..2 {
        let (code, report) = bench(&town.settings, &[&arguments[..], &required].concat());
        assert_eq!(code, 0, "{report:#}");
        let endpoints = report["runs"][0]["endpoints"].as_array().unwrap();
        let asked = endpoints.iter().map(|endpoint| endpoint["name"].as_str());
        assert_eq!(asked.collect::<Vec<_>>(), ALL.map(Some));
        for endpoint in endpoints {
            assert_eq!(endpoint["succeeded"], 20, "{endpoint:#}");
            assert_eq!(endpoint["response"]["samples"], 20);
        }
        let timed = report["timed"].as_array().unwrap();
        assert_eq!(timed.len(), 3);
        for query in timed {
            assert_eq!(query["times"]["samples"], 100, "{query}");
        }
    }
    for shop in ["load-test-1", "load-test-2"] {
        let tenant = town.command(&["tenant", "show", shop]);
        assert_eq!(tenant["status"], "suspended");
        let keys = town.command(&["key", "list", "--tenant", shop]);
        let open = keys["data"].as_array().unwrap().iter();
        assert_eq!(open.filter(|key| key["revoked_at"].is_null()).count(), 0);
        let file = format!("{}/{shop}.csv", town.data());
        let arguments = ["--tenant", shop, "--format", "shopify", &file];
        town.command(&[&["catalog", "export"], &arguments[..]].concat());
        let products = std::fs::read_to_string(file).unwrap();
        assert!(products.contains("endless") && !products.contains("load-test-"));
    }
}

#[tokio::test]
async fn a_load_test_of_the_platform_asks_each_endpoint_on_both_databases() {
    for town in [Town::on_sqlite().await, Town::on_postgres().await] {
        every_endpoint_is_asked_and_nothing_is_left_open(town).await;
    }
}

#[tokio::test]
async fn a_server_that_runs_is_asked_with_its_own_limits() {
    let town = Town::on_sqlite().await;
    let target = format!("http://{}", town.address);
    let arguments = [
        "--target",
        &target,
        "--endpoints",
        "search",
        "--tenants",
        "1",
    ];
    // A shop's caller has 200 searches an hour.
    let (code, report) = bench(
        &town.settings,
        &[&arguments[..], &["--requests", "250"]].concat(),
    );
    assert_eq!(code, 1);
    let statuses = &report["runs"][0]["endpoints"][0]["statuses"];
    assert!(statuses["200"].as_u64().unwrap() >= 200, "{statuses}");
    assert!(statuses["429"].as_u64().unwrap() >= 1, "{statuses}");
    let remarks = report["remarks"].to_string();
    assert!(remarks.contains("own limits held"), "{remarks}");
}

#[tokio::test]
async fn a_server_that_runs_is_asked_through_the_proxy_that_ends_tls_before_it() {
    let town = Town::on_sqlite().await;
    let proxy = TlsProxy::over_http2(town.address).await;
    let target = format!("https://localhost:{}", proxy.port());
    let authority = proxy.authority();
    let arguments = ["--target", &target, "--ca", authority.to_str().unwrap()];
    let few = ["--endpoints", "customers", "--requests", "20"];
    let (code, report) = bench(&town.settings, &[&arguments[..], &few].concat());
    assert!([0, 1].contains(&code), "{report}");
    let run = &report["runs"][0];
    assert_eq!(run["http2"], true);
    assert_eq!(run["endpoints"][0]["succeeded"], 20, "{report:#}");
}

#[tokio::test]
async fn a_shop_that_a_load_test_did_not_make_is_left_alone_and_those_that_it_opened_are_closed() {
    let town = Town::on_sqlite().await;
    town.command(&["tenant", "create", "load-test-2"]);
    let keys = || town.command(&["key", "list", "--tenant", "load-test-2"]);
    let before = keys();
    let (code, document) = bench(&town.settings, &["--tenants", "2", "--requests", "1"]);
    assert_eq!(code, 4, "{document}");
    let said = document["error"].to_string();
    assert!(
        said.contains("load-test-2 is no shop of a load test"),
        "{said}"
    );
    let status = |shop| town.command(&["tenant", "show", shop])["status"].clone();
    assert_eq!(
        (status("load-test-1"), status("load-test-2")),
        (json!("suspended"), json!("active"))
    );
    assert_eq!(keys(), before);
    let keys = town.command(&["key", "list", "--tenant", "load-test-1"]);
    let open = keys["data"].as_array().unwrap().iter();
    assert_eq!(open.filter(|key| key["revoked_at"].is_null()).count(), 0);
}

#[tokio::test]
async fn wrong_use_and_a_server_that_is_away_have_a_status_each() {
    let town = Town::on_sqlite().await;
    let nobody = format!("http://{}", Server::free_address());
    for (arguments, code) in [
        (["--target", "http://192.0.2.1"], 2),
        (["--require", "p95<soon"], 2),
        (["--require", "p95{endpoint:GET /never}<1s"], 2),
        (["--require", "p95{tenant:load-test-2}<1s"], 2),
        (["--endpoints", "everything"], 2),
        (["--compare", "/nowhere/at-all"], 2),
        (["--target", &nobody], 3),
    ] {
        if code == 3 {
            // Of those before none has made a shop.
            let tenants = town.command(&["tenant", "list"]).to_string();
            assert!(!tenants.contains("load-test-1"), "{tenants}");
        }
        let requests = ["--requests", "2", "--tenants", "1"];
        let (ended, document) = bench(&town.settings, &[&arguments[..], &requests].concat());
        assert_eq!(ended, code, "{arguments:?}");
        assert_eq!(document["error"] == json!(null), code == 3, "{document}");
    }
}
