//! The example that is watched without tenants, as its first lines say to run it.

use reqwest::{Client, Response};
use serde_json::Value;
use tenancy_tests::Server;

#[tokio::test]
async fn a_server_that_was_there_before_says_what_it_takes_and_why() {
    let server = Server::builder(Server::built("embed-observability"))
        .env("LISTEN", "127.0.0.1:0")
        .ready_when_printed("listening on")
        .start()
        .await;
    let printed = server.stdout();
    let (_, address) = printed.split_once("listening on ").unwrap();
    let url = format!("http://{}", address.lines().next().unwrap());
    let client = Client::builder().no_proxy().build().unwrap();
    // One after the other by one connection: whatever was asked before is over.
    let get = async |path: &str| -> Response {
        let response = client.get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        response
    };
    for id in [7, 8, 9] {
        let response = get(&format!("/orders/{id}")).await;
        let time = response.headers()["x-response-time"].to_str().unwrap();
        assert!(time.ends_with("ms"), "{time}");
        response.bytes().await.unwrap();
    }
    let note = client.put(format!("{url}/orders/7")).body("by noon");
    let noted = note.send().await.unwrap().text().await.unwrap();
    assert_eq!(noted, "order 7: by noon");
    let metrics = get("/metrics").await.text().await.unwrap();
    let requests = "tenancy_http_requests_total{environment=\"production\",tenant=\"platform\",method=\"GET\",route=\"/orders/{id}\",status=\"200\"} 3\n";
    assert!(metrics.contains(requests), "{metrics}");

    let report: Value = get("/report").await.json().await.unwrap();
    let endpoints = report["slow_endpoints"].as_array().unwrap();
    let orders = endpoints
        .iter()
        .find(|endpoint| endpoint["endpoint"] == "GET /orders/{id}");
    assert_eq!(orders.unwrap()["requests"], 3, "{report}");
    assert_eq!(report["error_rate"], 0.0);
    // No cache was asked, so nothing is known of hits.
    assert_eq!(report["cache_hit_ratio"], Value::Null);

    let slow: Value = get("/slow").await.json().await.unwrap();
    let statement = slow[0]["statement"].to_string();
    assert!(
        statement.contains("with recursive") && !statement.contains("300000"),
        "{slow}"
    );
    assert_eq!(slow[0]["calls"], 3, "{slow}");

    let health: Value = get("/health").await.json().await.unwrap();
    assert_eq!(health["status"], "pass", "{health}");
    get("/livez").await;
}
