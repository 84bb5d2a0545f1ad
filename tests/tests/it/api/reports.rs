//! What requests took: in the headers of each answer, and in reports.

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tenancy_tests::Server;

use super::shop::Shop;
use crate::town::Town;

const REPORT: &str = "/api/reports/performance";

fn ask(town: &Town, method: &str, host: &str, path: &str) -> RequestBuilder {
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}{path}", town.address);
    let request = client.request(method.parse().unwrap(), url);
    request.header("host", host)
}

/// The value of a header that is there once.
#[track_caller]
fn once<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    assert_eq!(values.len(), 1, "{name}: {headers:?}");
    values[0].to_str().unwrap()
}

async fn every_answer_tells_its_time_and_memory_and_staff_what_it_was_spent_on(town: Town) {
    let shop = Shop::open(&town, "shop");
    let key = shop.key.as_deref().unwrap();
    let answers = [
        ("GET", "shop.localhost", "/", 200),
        ("HEAD", "shop.localhost", "/", 200),
        ("GET", "shop.localhost", "/api/products", 200),
        ("DELETE", "shop.localhost", "/api/products", 405),
        ("OPTIONS", "shop.localhost", "/api/products", 405),
        ("GET", "shop.localhost", "/nothing", 404),
        ("GET", "shop.localhost", "/api/orders", 401),
        ("POST", "shop.localhost", "/api/orders", 401),
        ("GET", "nobody.localhost", "/", 404),
        ("GET", "localhost", "/", 200),
        ("GET", "localhost", "/livez", 200),
    ];
    for (method, host, path, status) in answers {
        let request = ask(&town, method, host, path).header("accept-encoding", "gzip");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{method} {host}{path}");
        let headers = response.headers();
        let time = once(headers, "x-response-time").strip_suffix("ms").unwrap();
        let (_, decimals) = time.split_once('.').unwrap();
        assert_eq!(decimals.len(), 3, "{method} {host}{path}");
        time.parse::<f64>().unwrap();
        // What was asked for inside tells a stranger whether an account exists.
        for inside in ["server-timing", "x-memory-usage"] {
            assert_eq!(headers.get(inside), None, "{method} {host}{path}");
        }
    }
    let request = ask(&town, "GET", "shop.localhost", "/api/orders").bearer_auth(key);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let timing = once(response.headers(), "server-timing");
    let names = timing
        .split(", ")
        .map(|entry| entry.split_once(";dur=").unwrap().0);
    assert_eq!(names.collect::<Vec<_>>(), ["db", "cache", "cpu", "wait"]);
    let bytes: u64 = once(response.headers(), "x-memory-usage").parse().unwrap();
    assert!(bytes > 0 && bytes < 10_000_000, "{bytes}");
}

async fn a_shop_reads_its_own_report_and_operators_all(town: Town) {
    let (one, two) = (Shop::open(&town, "one"), Shop::open(&town, "two"));
    for _ in 0..7 {
        one.get("/api/products").await.with(200);
    }
    one.get("/api/products/none").await.with(404);
    two.get("/api/customers").await.with(200);

    one.called_with(None).get(REPORT).await.with(401);
    one.called_with(two.key.as_deref())
        .get(REPORT)
        .await
        .with(401);
    let report = one.get(REPORT).await.with(200);
    let endpoint = &report["slow_endpoints"][0];
    assert_eq!(
        (&endpoint["endpoint"], &endpoint["requests"]),
        (&json!("GET /api/products"), &json!(7))
    );
    assert!(endpoint["share"].as_f64().unwrap() <= 1.0);
    assert_eq!(
        (&report["requests"], &report["error_rate"]),
        (&json!(9), &json!(0.0))
    );
    let complete = (&report["incomplete"], &report["not_told_apart"]);
    assert_eq!(complete, (&json!(false), &json!(0)));
    for key in ["average_response_time", "cache_hit_ratio"] {
        assert!(report[key].as_f64().unwrap() > 0.0, "{key}: {report}");
    }
    assert!(report["database_performance"]["queries"].as_u64().unwrap() > 0);
    assert!(report["memory_usage"]["average_bytes"].as_f64().unwrap() > 0.0);

    let other = two
        .get(&format!("{REPORT}?hours=1&order=count&endpoints=3"))
        .await
        .with(200);
    assert_eq!(other["requests"], json!(1));
    assert!(!other.to_string().contains("products"), "{other}");
    let past = "?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z";
    let past = one.get(&format!("{REPORT}{past}")).await.with(200);
    assert_eq!(
        (&past["requests"], &past["average_response_time"]),
        (&json!(0), &Value::Null)
    );
    for wrong in [
        "?from=2020-01-02T00:00:00Z&to=2020-01-02T00:00:00Z",
        "?from=yesterday",
        "?hours=0",
        "?hours=1000000",
        "?order=size",
        "?endpoints=0",
        "?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&hours=1",
        "?from=2999-01-01T00:00:00Z",
    ] {
        one.get(&format!("{REPORT}{wrong}")).await.with(422);
    }

    let path = format!("/platform{REPORT}");
    one.get(&path).await.with(404);
    one.called_at("localhost").get(&path).await.with(401);
    let cookie = operator(&town).await;
    let all = async |more: &str| -> Value {
        let request = ask(&town, "GET", "localhost", &format!("{path}{more}"));
        let response = request.header("cookie", &cookie).send().await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                &response.headers()["cache-control"]
            ),
            (200, &"no-store".parse().unwrap())
        );
        response.json().await.unwrap()
    };
    let everything = all("").await;
    assert!(
        everything["requests"].as_u64().unwrap() > 20,
        "{everything}"
    );
    assert!(!everything["slow_endpoints"].as_array().unwrap().is_empty());
    assert_eq!(all("?tenant=two").await["requests"], json!(2));
    let nobody = ask(&town, "GET", "localhost", &format!("{path}?tenant=nobody"));
    let nobody = nobody.header("cookie", &cookie).send().await.unwrap();
    assert_eq!(nobody.status(), 404);
}

/// The cookie of an operator who has signed in.
async fn operator(town: &Town) -> String {
    let made = town.command(&["user", "create", "--platform", "ann@example.com"]);
    let body = json!({"email": "ann@example.com", "password": made["password"]});
    let request = ask(town, "POST", "localhost", "/api/login").json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let set = once(response.headers(), "set-cookie");
    set.split_once(';').unwrap().0.to_owned()
}

async fn slow_requests_are_shown_to_their_shop_and_to_operators(town: Town) {
    let (one, two) = (Shop::open(&town, "one"), Shop::open(&town, "two"));
    let path = "/api/reports/slow-requests";
    // Argon2 takes its time.
    let wrong = json!({"email": "nobody@example.com", "password": "a wrong password"});
    one.called_with(None)
        .post("/api/login", &wrong)
        .await
        .with(401);
    one.called_with(None).get(path).await.with(401);
    let slow = one.get(path).await.with(200);
    let login = &slow["data"][0];
    assert_eq!(
        (&login["route"], &login["party"]),
        (&json!("/api/login"), &json!("one"))
    );
    assert_eq!(
        (&login["method"], &login["status"]),
        (&json!("POST"), &json!(401))
    );
    assert!(login["spent"]["wait"].as_f64().unwrap() > 0.0, "{login}");
    for span in login["spans"].as_array().unwrap() {
        assert_eq!(span["location"], Value::Null, "{span}");
        assert!(span["took"].as_f64() <= login["spent"]["total"].as_f64());
    }
    assert_eq!(two.get(path).await.with(200)["data"], json!([]));
    let path = format!("/platform{path}");
    one.called_at("localhost").get(&path).await.with(401);
    let cookie = operator(&town).await;
    let request = ask(&town, "GET", "localhost", &path).header("cookie", cookie);
    let all: Value = request.send().await.unwrap().json().await.unwrap();
    let all = all["data"].as_array().unwrap();
    assert!(all.iter().any(|slow| slow["party"] == "one"), "{all:?}");
    assert!(
        all.iter().any(|slow| slow["party"] == "platform"),
        "{all:?}"
    );
}

async fn reports_outlive_the_server(town: Town) {
    let shop = Shop::open(&town, "shop");
    for _ in 0..5 {
        shop.get("/api/products").await.with(200);
    }
    assert!(town.server.terminate().await.success());
    let address = Server::free_address();
    let mut settings = town.settings.clone();
    settings.retain(|(name, _)| *name != "TENANCY_LISTEN");
    settings.push(("TENANCY_LISTEN", address.to_string()));
    let again = Town::start(address, settings, &["serve"], None).await;
    let report = shop.at(&again).get(REPORT).await.with(200);
    assert_eq!(report["requests"], json!(5));
}

super::on_both!(
    every_answer_tells_its_time_and_memory_and_staff_what_it_was_spent_on,
    a_shop_reads_its_own_report_and_operators_all,
    reports_outlive_the_server,
);

#[tokio::test]
async fn slow_requests_are_shown() {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_PERFORMANCE__SLOW_MILLISECONDS", "5".to_owned()),
    ];
    let town = Town::start(address, settings, &["serve"], None).await;
    slow_requests_are_shown_to_their_shop_and_to_operators(town).await;
}

#[tokio::test]
async fn what_is_switched_off_is_not_told() {
    let address = Server::free_address();
    let mut settings = vec![("TENANCY_LISTEN", address.to_string())];
    for key in ["RESPONSE_TIME", "MEMORY_USAGE", "SERVER_TIMING"] {
        let name = format!("TENANCY_PERFORMANCE__{key}").leak();
        settings.push((name, "false".to_owned()));
    }
    let town = Town::start(address, settings, &["serve"], None).await;
    let shop = Shop::open(&town, "shop");
    let request = ask(&town, "GET", "shop.localhost", "/api/orders");
    let request = request.bearer_auth(shop.key.as_deref().unwrap());
    let response = request.send().await.unwrap();
    for name in ["x-response-time", "x-memory-usage", "server-timing"] {
        assert_eq!(response.headers().get(name), None, "{name}");
    }
    assert_eq!(shop.get(REPORT).await.with(200)["requests"], json!(1));
}
