//! What the server counts: asked for at `/metrics`, and pushed.

use std::collections::BTreeSet;

use tenancy_tests::receivers::Answer;
use tenancy_tests::{HttpReceiver, Server};

use super::{Town, run};
use crate::town::refused;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The embedded mode with further settings.
async fn town(more: &[(&'static str, &str)]) -> Town {
    let address = Server::free_address();
    let mut settings = vec![("TENANCY_LISTEN", address.to_string())];
    settings.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    Town::start(address, settings, &[], None).await
}

pub(super) async fn asked(town: &Town, host: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client
        .get(format!("http://{}/metrics", town.address))
        .header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn nothing_is_counted_until_it_is_configured() {
    let town = Town::embedded().await;
    assert_eq!(asked(&town, "localhost", &[]).await.status(), 404);
    assert_eq!(
        asked(&town, "localhost", &[("authorization", "Bearer ")])
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn the_platforms_host_tells_what_was_counted_and_no_shop_does() {
    let town = town(&[
        ("TENANCY_METRICS__ENABLED", "true"),
        ("TENANCY_METRICS__ENVIRONMENT", "trial"),
    ])
    .await;
    for _ in 0..3 {
        assert_eq!(town.get("quillmoor.localhost", "/").await.0, 200);
    }
    for host in ["quillmoor.localhost", "nobody.localhost", "127.0.0.1"] {
        assert_eq!(asked(&town, host, &[]).await.status(), 404, "{host}");
    }
    let answer = asked(&town, "localhost", &[]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = answer.text().await.unwrap();
    let requests = "tenancy_http_requests_total{environment=\"trial\",tenant=\"quillmoor\",method=\"GET\",route=\"/\",status=\"200\"} 3\n";
    assert!(text.contains(requests), "{text}");
    let hits = "tenancy_cache_hits_total{environment=\"trial\",tenant=\"platform\",class=\"product_lists\"} ";
    assert!(text.contains(hits), "{text}");
    assert!(text.contains("tenancy_metrics_series{"), "{text}");
    let open = asked(
        &town,
        "localhost",
        &[("accept", "application/openmetrics-text")],
    )
    .await;
    assert!(open.text().await.unwrap().ends_with("# EOF\n"));
}

#[tokio::test]
async fn what_the_server_asks_itself_at_its_start_is_no_request() {
    let town = town(&[("TENANCY_METRICS__ENABLED", "true")]).await;
    let front = "tenant=\"platform\",method=\"GET\",route=\"/\"";
    let text = asked(&town, "localhost", &[]).await.text().await.unwrap();
    assert!(!text.contains(front), "{text}");
    assert_eq!(town.get("localhost", "/").await.0, 200);
    let text = asked(&town, "localhost", &[]).await.text().await.unwrap();
    assert!(text.contains(front), "{text}");
}

#[tokio::test]
async fn a_shop_has_one_name_in_all_metrics_or_none_in_any() {
    let town = town(&[
        ("TENANCY_METRICS__ENABLED", "true"),
        ("TENANCY_METRICS__NAMED_TENANTS", "1"),
    ])
    .await;
    // The first to be seen is named until there is a heavier one.
    for shop in ["quillmoor", "mistgate", "kettenspatz"] {
        let host = format!("{shop}.localhost");
        assert_eq!(town.get(&host, "/products").await.0, 200);
    }
    let text = asked(&town, "localhost", &[]).await.text().await.unwrap();
    let label = |line: &str| {
        let (_, after) = line.split_once("tenant=\"").unwrap();
        after.split_once('"').unwrap().0.to_owned()
    };
    let metrics = [
        "tenancy_cache_bytes",
        "tenancy_cache_entries",
        "tenancy_http_requests_total",
    ];
    for metric in metrics {
        let lines = text
            .lines()
            .filter(|line| line.starts_with(&format!("{metric}{{")));
        let mut tenants: BTreeSet<String> = lines.map(label).collect();
        tenants.remove("platform");
        assert_eq!(
            Vec::from_iter(tenants),
            ["__other__", "quillmoor"],
            "{metric}"
        );
    }
}

#[tokio::test]
async fn a_flood_of_every_route_and_method_stays_within_the_bound() {
    let town = town(&[
        ("TENANCY_METRICS__ENABLED", "true"),
        ("TENANCY_LIMITS__ENABLED", "false"),
    ])
    .await;
    let (_, contract) = town.get("localhost", "/openapi.json").await;
    let contract: serde_json::Value = serde_json::from_str(&contract).unwrap();
    let paths = contract["paths"].as_object().unwrap().keys();
    let pages = [
        "/",
        "/products",
        "/categories",
        "/login",
        "/admin",
        "/platform",
    ];
    let paths: Vec<_> = paths.map(String::as_str).chain(pages).collect();
    assert!(paths.len() > 25, "{paths:?}");
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let mut asked = 0;
    for host in ["quillmoor", "kettenspatz", "mistgate", "nobody"] {
        for path in &paths {
            for method in [
                "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MAKE",
            ] {
                let url = format!("http://{}{}", town.address, path.replace(['{', '}'], "x"));
                let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
                let request = client.request(method, url);
                let request = request.header("host", format!("{host}.localhost"));
                request.send().await.unwrap().bytes().await.unwrap();
                asked += 1;
            }
        }
    }
    // By the same connection, so that the last of them is over.
    let told = client.get(format!("http://{}/metrics", town.address));
    let told = told.header("host", "localhost").send().await.unwrap();
    let text = told.text().await.unwrap();
    assert!(text.len() <= 2 << 20, "{} bytes", text.len());
    let counts = text.lines().filter(|line| {
        line.starts_with("tenancy_http_requests_total{") && !line.contains(r#"tenant="platform""#)
    });
    let counts = counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), asked);
}

#[tokio::test]
async fn from_elsewhere_it_takes_a_token() {
    let behind_a_proxy = [
        ("TENANCY_METRICS__ENABLED", "true"),
        ("TENANCY_METRICS__TOKEN", TOKEN),
        ("TENANCY_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let town = town(&behind_a_proxy).await;
    let bearer = format!("Bearer {TOKEN}");
    let stranger = ("x-forwarded-for", "203.0.113.9");
    let check = async |headers: &[(&str, &str)], status: u16| {
        let answer = asked(&town, "localhost", headers).await;
        assert_eq!(answer.status(), status, "{headers:?}");
    };
    check(&[], 200).await;
    check(&[stranger], 401).await;
    check(
        &[
            stranger,
            ("authorization", "Bearer 0123456789abcdef0123456789abcdeg"),
        ],
        401,
    )
    .await;
    check(&[stranger, ("authorization", TOKEN)], 401).await;
    check(&[stranger, ("authorization", &bearer)], 200).await;
    // A key that opens a shop opens nothing here.
    let key = run(
        &town.settings,
        &["key", "create", "--tenant", "quillmoor", "--name", "till"],
    );
    let key = format!("Bearer {}", key["api_key"].as_str().unwrap());
    check(&[stranger, ("authorization", &key)], 401).await;
}

#[test]
fn a_server_that_others_reach_does_not_start_without_one() {
    let settings = [
        ("TENANCY_LISTEN", Server::free_address().to_string()),
        ("TENANCY_PUBLIC_URL", "https://shops.example".to_owned()),
        ("TENANCY_SECRET", TOKEN.to_owned()),
        ("TENANCY_METRICS__ENABLED", "true".to_owned()),
    ];
    let said = refused(&settings, &["serve"]);
    assert!(said.contains("TENANCY_METRICS__TOKEN"), "{said}");
    let settings = [
        (
            "TENANCY_PUSH__INFLUX__URL",
            "http://influx.example/write".to_owned(),
        ),
        ("TENANCY_PUSH__INFLUX__TOKEN", "a-secret".to_owned()),
    ];
    let said = refused(&settings, &[]);
    assert!(
        said.contains("push.influx.url") && !said.contains("a-secret"),
        "{said}"
    );
}

#[test]
fn an_address_that_is_none_of_sentrys_is_refused_without_repeating_it() {
    let settings = [("TENANCY_SENTRY_DSN", "https://a-secret.example".to_owned())];
    let said = refused(&settings, &["serve"]);
    assert!(
        said.contains("sentry_dsn") && !said.contains("a-secret"),
        "{said}"
    );
}

#[tokio::test]
async fn what_was_counted_until_the_end_is_pushed() {
    let receiver = HttpReceiver::start().await;
    let town = town(&[
        (
            "TENANCY_PUSH__INFLUX__URL",
            &receiver.url("/write?db=shops"),
        ),
        ("TENANCY_PUSH__INFLUX__TOKEN", "a-secret"),
        ("TENANCY_PUSH__EVERY_SECONDS", "86400"),
        ("TENANCY_METRICS__WRITER", "node-1"),
    ])
    .await;
    let shop = "quillmoor.localhost";
    assert_eq!(town.get(shop, "/products").await.0, 200);
    // It is pushed, and nobody may ask for it.
    assert_eq!(asked(&town, "localhost", &[]).await.status(), 404);
    assert!(town.server.terminate().await.success());
    let pushed = &receiver.until(1).await[0];
    assert_eq!(pushed.uri, "/write?db=shops");
    assert_eq!(pushed.header("authorization"), "Token a-secret");
    let text = pushed.text();
    assert!(
        text.contains("\ntenancy_cache_loads_total,class=product_lists,"),
        "{text}"
    );
    // What is looked up when it is asked for is looked up for this as well.
    let entries =
        "tenancy_cache_entries,environment=production,tenant=quillmoor,writer=node-1 value=";
    let (_, entries) = text.split_once(entries).unwrap_or_else(|| panic!("{text}"));
    assert!(!entries.starts_with("0 "), "{text}");
}

/// Names and values as those who take OpenTelemetry's messages want them.
const KEYS: [(&str, &str); 4] = [
    ("dd-api-key", "dd-0123456789abcdef0123456789abcdef"),
    ("api-key", "nral-fedcba9876543210"),
    ("x-amz-security-token", "IQoJb3JpZ2lu/cloud+watch=="),
    ("authorization", "Basic c2hvcHM6cGFzcw=="),
];

/// An answer to a message that was taken in part: `partial_success { rejected_data_points: 3,
/// error_message: "bad key nral-fedcba9876543210" }`.
const TAKEN_IN_PART: &[u8] = b"\x0a\x21\x08\x03\x12\x1dbad key nral-fedcba9876543210";

#[tokio::test]
async fn the_keys_of_a_collector_reach_it_and_nobody_else() {
    let receiver = HttpReceiver::start().await;
    // The first is logged at once.
    receiver.answers([
        Answer::With(200, TAKEN_IN_PART),
        Answer::With(500, b"nral-fedcba9876543210"),
        Answer::With(403, b"nral-fedcba9876543210"),
    ]);
    let given = KEYS.map(|(name, value)| format!("{name}={}", value.replace('=', "%3D")));
    let town = town(&[
        ("TENANCY_METRICS__ENABLED", "true"),
        ("TENANCY_PUSH__OTLP__URL", &receiver.url("/v1/metrics")),
        ("TENANCY_PUSH__OTLP__HEADERS", &given.join(",")),
        ("TENANCY_PUSH__EVERY_SECONDS", "1"),
        ("TENANCY_LOG__FILTER", "trace"),
    ])
    .await;
    for message in receiver.until(4).await {
        assert_eq!(message.uri, "/v1/metrics");
        assert_eq!(message.header("content-type"), "application/x-protobuf");
        for (name, value) in KEYS {
            assert_eq!(message.header(name), value);
        }
    }
    let told = asked(&town, "localhost", &[]).await.text().await.unwrap();
    assert!(town.server.terminate().await.success());
    let log = town.server.stderr();
    assert!(log.contains("points of metrics were refused"), "{log}");
    for (_, value) in KEYS {
        let is_said = [&log, &town.server.stdout(), &told]
            .into_iter()
            .any(|text| text.contains(value));
        assert!(!is_said, "{value}: {log}");
    }
}
