//! The example without tenants, as its first lines say to run it.

use std::net::IpAddr;

use reqwest::{Client, Response};
use tenancy_tests::Server;

#[tokio::test]
async fn a_server_that_was_there_before_is_defended_by_a_few_lines() {
    let server = Server::builder(Server::built("embed-defence"))
        .env("LISTEN", "127.0.0.1:0")
        .ready_when_printed("listening on")
        .start()
        .await;
    let printed = server.stdout();
    let (_, address) = printed.split_once("listening on ").unwrap();
    let url = format!("http://{}/", address.lines().next().unwrap());
    let client = Client::builder().no_proxy().build().unwrap();
    let is_protected = |response: &Response| {
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(response.headers().contains_key("content-security-policy"));
        assert!(!response.headers().contains_key("strict-transport-security"));
    };
    let post = async |site: &str| {
        let request = client.post(&url).header("sec-fetch-site", site);
        let response = request.send().await.unwrap();
        is_protected(&response);
        response.status().as_u16()
    };
    assert_eq!(post("same-origin").await, 200);
    assert_eq!(post("cross-site").await, 403);

    let attack = format!("{url}?q=%3Cscript%3Ealert(1)");
    let refused = client.get(attack).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    is_protected(&refused);
    let other = Client::builder().no_proxy();
    let other = other.local_address(IpAddr::from([127, 0, 0, 2])).build();
    let blocked = other.unwrap().get(&url).send().await.unwrap();
    assert_eq!(blocked.status(), 403);
    is_protected(&blocked);

    for (left, origin) in [(1, "https://partner.example"), (0, "https://evil.example")] {
        let request = client.get(&url).header("origin", origin);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        let reader = response.headers().get("access-control-allow-origin");
        assert_eq!(reader.is_some_and(|reader| reader == origin), left == 1);
        let limit = response.headers()["ratelimit"].to_str().unwrap();
        assert!(limit.starts_with(&format!("\"api\";r={left};")), "{limit}");
    }
    let refused = client.get(&url).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 429);
    is_protected(&refused);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["violated-policies"], serde_json::json!(["api"]));
}
