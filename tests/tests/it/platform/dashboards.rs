//! The dashboard and the rules that come with the platform, held against what a server tells.

mod expression;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Client;
use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::{Value, json};
use tenancy_tests::receivers::Answer;
use tenancy_tests::{HttpReceiver, Postgres, Redis};

use self::expression::{Known, Labels, labels, scraped};
use super::Town;
use super::metrics::asked;

/// Longer than anything here takes, on any machine.
const GUARD: Duration = Duration::from_secs(60);

const SHOP: &str = "quillmoor.localhost";

/// The most requests that a client may have under way.
const UNDER_WAY: usize = 4;

/// What Prometheus says of where it found a series.
const ADDED: [&str; 2] = ["instance", "job"];

/// What Grafana puts in of itself.
const BUILT_IN: &str = "__rate_interval";

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/platform/observability");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// Each word in a text after a beginning, with it.
fn words<'t>(text: &'t str, beginning: &str) -> BTreeSet<&'t str> {
    let of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let begun = text.match_indices(beginning).map(|(place, _)| place);
    let words = begun.map(|place| {
        let rest = &text[place + beginning.len()..];
        let end = rest.find(|letter| !of_word(letter)).unwrap_or(rest.len());
        &text[place..place + beginning.len() + end]
    });
    words.collect()
}

/// The same without the beginning.
fn named<'t>(text: &'t str, beginning: &str) -> BTreeSet<&'t str> {
    let words = words(text, beginning).into_iter();
    words.map(|word| &word[beginning.len()..]).collect()
}

/// A request of a client whose address is said by a proxy.
async fn visit(town: &Town, client: &str, path: &str, login: Option<&Value>) -> u16 {
    let url = format!("http://{}{path}", town.address);
    let http = Client::builder().no_proxy().build().unwrap();
    let request = match login {
        Some(login) => http.post(url).json(login),
        None => http.get(url),
    };
    let request = request
        .header("host", SHOP)
        .header("x-forwarded-for", client);
    request.send().await.unwrap().status().as_u16()
}

async fn until(status: u16, visit: impl AsyncFn() -> u16) {
    let since = Instant::now();
    while visit().await != status {
        assert!(since.elapsed() < GUARD, "never {status}");
    }
}

/// Has happen all that is counted.
async fn stir(town: &Town) {
    // What a request takes is counted of some only.
    for _ in 0..300 {
        assert_eq!(visit(town, "192.0.2.1", "/", None).await, 200);
    }
    until(429, async || {
        visit(town, "192.0.2.2", "/products?q=vase", None).await
    })
    .await;
    let attack = "/products?q=%3Cscript%3Ealert(1)%3C/script%3E";
    assert_eq!(visit(town, "192.0.2.3", attack, None).await, 403);
    let wrong = json!({"email": "nobody@example.com", "password": "what it may be"});
    let guess = async || visit(town, "192.0.2.4", "/api/login", Some(&wrong)).await;
    until(429, guess).await;
    let head = format!(
        "POST /api/products HTTP/1.1\r\nHost: {SHOP}\r\nX-Forwarded-For: 192.0.2.5\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"
    );
    let endless = [(); UNDER_WAY].map(|()| {
        let mut stream = TcpStream::connect(town.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    });
    until(429, async || visit(town, "192.0.2.5", "/", None).await).await;
    drop(endless);
}

/// What a server tells to which all of it has happened, as Prometheus keeps it.
async fn told(wanted: &BTreeSet<&str>) -> Known {
    let redis = Redis::start().await;
    let receiver = HttpReceiver::start().await;
    receiver.always_answers(Answer::Status(400));
    let settings = [
        ("TENANCY_METRICS__ENABLED", "true"),
        ("TENANCY_PUSH__INFLUX__URL", &*receiver.url("/write")),
        ("TENANCY_REDIS_URL", &redis.url()),
        ("TENANCY_TRUSTED_PROXIES", "127.0.0.0/8"),
        ("TENANCY_LIMITS__AUTH", "1000/h"),
        ("TENANCY_LIMITS__SEARCH", "1/h"),
        (
            "TENANCY_LIMITS__CLIENT_REQUESTS_MAX",
            &UNDER_WAY.to_string(),
        ),
    ];
    let town = Town::on(Postgres::shared().await, &settings).await;
    town.command(&["tenant", "create", "quillmoor"]);
    town.until(SHOP, 200).await;
    stir(&town).await;
    let since = Instant::now();
    let mut known = loop {
        let known = scraped(&asked(&town, "localhost", &[]).await.text().await.unwrap());
        let missing = wanted.iter().find(|name| !known.contains_key(**name));
        let Some(missing) = missing else { break known };
        assert!(since.elapsed() < GUARD, "nothing counts {missing}");
    };
    assert!(town.server.terminate().await.success());
    for labels in known.values_mut() {
        labels.extend(ADDED.map(str::to_owned));
    }
    known
}

fn labels_of(expression: &str, known: &Known) -> Labels {
    labels(expression, known).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

fn has_all(labels: &Labels, wanted: &BTreeSet<&str>, of: &str) {
    let missing = wanted.iter().find(|label| !labels.contains(**label));
    assert_eq!(missing, None, "{of} has {labels:?}");
}

/// Reads rules, of which each knows what is recorded before it.
fn check_rules(text: &str, known: &mut Known) {
    let documents = Yaml::load_from_str(text).unwrap();
    let [document] = documents.as_slice() else {
        panic!("{documents:?}")
    };
    let groups = document["groups"].as_vec().unwrap();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_vec().unwrap());
    let (mut recorded, mut alerts) = (0, 0);
    for rule in rules {
        let text = |key: &str| rule.as_mapping_get(key).and_then(Yaml::as_str);
        let expression = text("expr").unwrap();
        let labels = labels_of(expression, known);
        match (text("record"), text("alert")) {
            (Some(name), None) => {
                recorded += 1;
                let before = known.insert(name.to_owned(), labels);
                assert_eq!(before, None, "{name} is there twice");
            }
            (None, Some(name)) => {
                alerts += 1;
                assert!(rule["labels"]["severity"].as_str().is_some(), "{name}");
                let summary = rule["annotations"]["summary"].as_str().unwrap();
                has_all(&labels, &named(summary, "$labels."), name);
            }
            names => panic!("{names:?}: {expression}"),
        }
    }
    assert!(recorded >= 4 && alerts >= 6, "{recorded}, {alerts}");
}

fn check_dashboard(text: &str, known: &Known) {
    let dashboard: Value = serde_json::from_str(text).unwrap();
    let texts = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let mut names = BTreeSet::from([BUILT_IN.to_owned()]);
    for variable in variables {
        let query = texts(variable, "query").unwrap();
        if let Some(values) = query.strip_prefix("label_values(") {
            let (series, label) = values.trim_end_matches(')').rsplit_once(", ").unwrap();
            has_all(&labels_of(series, known), &BTreeSet::from([label]), &query);
        }
        names.extend(texts(variable, "name"));
    }
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 10, "{}", panels.len());
    for target in panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
    {
        let expression = texts(target, "expr").unwrap();
        let legend = texts(target, "legendFormat").unwrap();
        let labels = labels_of(&expression, known);
        has_all(&labels, &named(&legend, "{{"), &expression);
        has_all(&names, &named(&expression, "$"), &expression);
    }
}

#[tokio::test]
async fn the_dashboard_and_the_rules_ask_for_series_and_labels_that_there_are() {
    let (dashboard, rules) = (
        file("grafana-dashboard.json"),
        file("prometheus-rules.yaml"),
    );
    let mut wanted = words(&dashboard, "tenancy_");
    wanted.extend(words(&rules, "tenancy_"));
    let mut known = told(&wanted).await;
    check_rules(&rules, &mut known);
    check_dashboard(&dashboard, &known);
}
