use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tenancy_tests::receivers::Answer;
use tenancy_tests::{HttpReceiver, Postgres};

use crate::town::Town;

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// Longer than anything here takes, on any machine.
const GUARD: Duration = Duration::from_secs(60);

/// The messages of alerts that came, once there are so many.
async fn messages(receiver: &HttpReceiver, count: usize) -> Vec<Value> {
    let received = receiver.until(count).await;
    let signed = received.iter().map(|message| {
        let signature = message.header("webhook-signature");
        assert!(signature.starts_with("v1,"), "{signature}");
        message.json()
    });
    signed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_of_a_database_that_is_away_and_that_it_is_back() {
    let server = Postgres::start().await;
    let receiver = HttpReceiver::start().await;
    let settings = [
        ("TENANCY_ALERTS__WEBHOOK__URL", &*receiver.url("/")),
        ("TENANCY_ALERTS__WEBHOOK__SECRET", SECRET),
        ("TENANCY_ALERTS__EVERY_SECONDS", "1"),
        ("TENANCY_ALERTS__CALM_SECONDS", "1"),
        // Whatever else is to be told of this machine.
        ("TENANCY_ALERTS__DISK_PERCENT", "100"),
        ("TENANCY_ALERTS__MEMORY_PERCENT", "100"),
    ];
    let town = Town::on(&server, &settings).await;
    let said = town.command(&["alert", "test", "webhook"]);
    assert_eq!(said, json!({"channel": "webhook", "arrived": true}));
    assert_eq!(messages(&receiver, 1).await[0]["occasion"], "test");

    server.stop().await;
    let told = &messages(&receiver, 2).await[1];
    let what = (&told["occasion"], &told["rule"], &told["level"]);
    assert_eq!(
        what,
        (&json!("firing"), &json!("health"), &json!("critical"))
    );
    assert_eq!(told["shown"][0]["labels"]["part"], "database");
    assert!(
        told["link"].as_str().unwrap().ends_with("/platform/alerts"),
        "{told}"
    );

    server.restart().await;
    let over = &messages(&receiver, 3).await[2];
    let what = (&over["occasion"], &over["rule"], &over["level"]);
    assert_eq!(
        what,
        (&json!("resolved"), &json!("health"), &json!("critical"))
    );
    assert_eq!(over["shown"][0]["labels"], told["shown"][0]["labels"]);
    let counts = [&over["firing"], &over["resolved"], &over["lost"]];
    assert_eq!(counts, [&json!(0), &json!(1), &json!(0)]);
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn alerts_are_listed_silenced_and_tried() {
    let address = tenancy_tests::Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_ALERTS__EVERY_SECONDS", "1".to_owned()),
        // Any disk is that full.
        ("TENANCY_ALERTS__DISK_PERCENT", "1".to_owned()),
    ];
    let town = Town::start(address, settings, &["serve"], None).await;
    let start = Instant::now();
    let disk = loop {
        let list = town.command(&["alert", "list"]);
        let alerts = list["data"].as_array().unwrap();
        let disk = alerts.iter().find(|alert| alert["rule"] == "disk");
        if let Some(disk) = disk.filter(|disk| disk["state"] == "firing") {
            break disk.clone();
        }
        assert!(start.elapsed() < GUARD, "{list}");
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (&disk["subject"], &disk["threshold"]),
        (&json!("platform"), &json!(1.0))
    );

    let silence = town.command(&["alert", "silence", "--for", "1h", "--rule", "disk"]);
    let id = silence["id"].as_str().unwrap();
    let list = town.command(&["alert", "silence", "--list"]);
    assert_eq!(list["data"][0]["id"], silence["id"]);
    let ended = town.command(&["alert", "silence", "--end", id]);
    assert_eq!(ended["ended"], true);
    let again = town.fails(&["alert", "silence", "--end", id]);
    assert!(again.contains("there is no silence"), "{again}");
    let unknown = town.fails(&["alert", "silence", "--for", "1h", "--rule", "dsik"]);
    assert!(
        unknown.contains("no rule is called dsik: health, error-rate"),
        "{unknown}"
    );
    let none = town.fails(&["alert", "test", "slack"]);
    assert!(none.contains("none is configured"), "{none}");
    assert_eq!(
        town.command(&["alert", "list", "--dead"]),
        json!({"data": []})
    );
}

/// Asks the platform's own host, as a browser without scripts does that follows nothing.
struct Visitor<'t> {
    town: &'t Town,
    client: reqwest::Client,
    cookie: String,
}

impl<'t> Visitor<'t> {
    fn new(town: &'t Town) -> Self {
        let client = reqwest::Client::builder().no_proxy();
        Self {
            town,
            client: client.redirect(Policy::none()).build().unwrap(),
            cookie: String::new(),
        }
    }

    async fn sign_in(&mut self) {
        let made = (self.town).command(&["user", "create", "--platform", "ann@example.com"]);
        let password = made["password"].as_str().unwrap();
        let form = format!("email=ann%40example.com&password={password}");
        let response = self.post("/login", &form).await;
        let set = response.headers()["set-cookie"].to_str().unwrap();
        self.cookie = set.split_once(';').unwrap().0.to_owned();
    }

    async fn get(&self, host: &str, path: &str) -> (u16, String) {
        let request = self
            .client
            .get(format!("http://{}{path}", self.town.address));
        let request = request.header("host", host).header("cookie", &self.cookie);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn post(&self, path: &str, form: &str) -> reqwest::Response {
        let request = self
            .client
            .post(format!("http://{}{path}", self.town.address));
        let request = request
            .header("host", "localhost")
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        request.body(form.to_owned()).send().await.unwrap()
    }
}

/// The value of a field of the first form that is sent to this path.
fn field(page: &str, path: &str, name: &str) -> String {
    let (_, form) = page.split_once(&format!("action=\"{path}\"")).unwrap();
    let (_, value) = form
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    value.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_programs_see_what_is_wrong_and_a_message_that_was_refused_is_sent_again() {
    let receiver = HttpReceiver::start().await;
    receiver.always_answers(Answer::Status(400));
    let address = tenancy_tests::Server::free_address();
    let settings = [
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_ALERTS__WEBHOOK__URL", receiver.url("/")),
        ("TENANCY_ALERTS__WEBHOOK__SECRET", SECRET.to_owned()),
        ("TENANCY_ALERTS__EVERY_SECONDS", "1".to_owned()),
        // Any disk is that full, and nothing else is to be told of.
        ("TENANCY_ALERTS__DISK_PERCENT", "1".to_owned()),
        ("TENANCY_ALERTS__MEMORY_PERCENT", "100".to_owned()),
        (
            "TENANCY_ALERTS__RESPONSE_MILLISECONDS",
            "3600000".to_owned(),
        ),
    ];
    let town = Town::start(address, settings.to_vec(), &["serve"], None).await;
    town.command(&["tenant", "create", "acme"]);
    let mut visitor = Visitor::new(&town);
    for path in ["/platform/api/alerts", "/platform/api/health"] {
        assert_eq!(visitor.get("localhost", path).await.0, 401, "{path}");
        assert_eq!(visitor.get("acme.localhost", path).await.0, 404, "{path}");
    }
    let resent = visitor.post("/platform/alerts/resend", "id=x").await;
    assert_ne!(resent.status(), 200);
    visitor.sign_in().await;
    let (status, health) = visitor.get("localhost", "/platform/api/health").await;
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(status, 200, "{health}");
    let database = &health["checks"]["database:responseTime"][0];
    assert_eq!(database["status"], "pass", "{health}");
    let description = "/platform/openapi.json";
    assert_eq!(visitor.get("acme.localhost", description).await.0, 404);
    let (_, described) = visitor.get("localhost", description).await;
    let described: Value = serde_json::from_str(&described).unwrap();
    for (path, item) in described["paths"].as_object().unwrap() {
        if item.get("get").is_some() {
            assert_eq!(visitor.get("localhost", path).await.0, 200, "{path}");
        }
    }

    assert_eq!(messages(&receiver, 1).await[0]["rule"], "disk");
    let start = Instant::now();
    let dead = loop {
        let (_, said) = visitor.get("localhost", "/platform/api/alerts").await;
        let said: Value = serde_json::from_str(&said).unwrap();
        if said["dead"][0].is_object() {
            break said["dead"][0].clone();
        }
        assert!(start.elapsed() < GUARD, "{said}");
        let alerts = said["alerts"].as_array().unwrap().iter();
        let disk = alerts.filter(|alert| alert["rule"] == "disk");
        let firing = disk.filter(|alert| alert["state"] == "firing");
        assert_eq!((firing.count(), &said["silences"]), (1, &json!([])));
    };
    let id = dead["id"].as_str().unwrap();
    let list = town.command(&["alert", "list", "--dead"]);
    assert_eq!(list["data"][0]["id"], id);

    receiver.always_answers(Answer::Status(204));
    let (status, page) = visitor.get("localhost", "/platform/alerts").await;
    let path = "/platform/alerts/resend";
    assert_eq!((status, &*field(&page, path, "id")), (200, id));
    let forged = visitor.post(path, &format!("id={id}")).await;
    assert_eq!(forged.status(), 403);
    let form = format!("id={id}&_csrf={}", field(&page, path, "_csrf"));
    let resent = visitor.post(path, &form).await;
    let place = &resent.headers()["location"];
    assert_eq!(
        (resent.status().as_u16(), place),
        (303, &"/platform/alerts".parse().unwrap())
    );
    let told = messages(&receiver, 2).await;
    assert_eq!(
        (&told[1]["rule"], &told[1]["at"]),
        (&json!("disk"), &told[0]["at"])
    );

    let (_, page) = visitor.get("localhost", "/platform/alerts").await;
    assert!(page.contains("Every message arrived."), "{page}");
    let again = town.fails(&["alert", "resend", id]);
    assert!(again.contains("was given up"), "{again}");
    let all = town.command(&["alert", "resend", "--all"]);
    assert_eq!(all, json!({"resent": []}));
    town.fails(&["alert", "resend"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_tries_a_channel_with_a_button() {
    let receiver = HttpReceiver::start().await;
    let address = tenancy_tests::Server::free_address();
    let settings = [
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_ALERTS__WEBHOOK__URL", receiver.url("/")),
        ("TENANCY_ALERTS__WEBHOOK__SECRET", SECRET.to_owned()),
    ];
    let town = Town::start(address, settings.to_vec(), &["serve"], None).await;
    let mut visitor = Visitor::new(&town);
    let path = "/platform/alerts/test";
    let stranger = visitor.post(path, "id=webhook").await;
    assert_eq!(
        (stranger.status().as_u16(), &stranger.headers()["location"]),
        (303, &"/login?next=%2Fplatform".parse().unwrap())
    );
    visitor.sign_in().await;
    let (_, page) = visitor.get("localhost", "/platform/alerts").await;
    assert_eq!(field(&page, path, "id"), "webhook");
    let token = field(&page, path, "_csrf");
    let press = async |id: &str| {
        let form = format!("id={id}&_csrf={token}");
        let response = visitor.post(path, &form).await;
        (response.status().as_u16(), response.text().await.unwrap())
    };

    let (status, page) = press("webhook").await;
    let notice = "webhook: The test message has arrived</p>";
    assert!(status == 200 && page.contains(notice), "{page}");
    assert_eq!(messages(&receiver, 1).await[0]["occasion"], "test");

    receiver.always_answers(Answer::Status(410));
    let (status, page) = press("webhook").await;
    let notice = "webhook: The test message did not arrive: ";
    assert!(status == 200 && page.contains(notice), "{page}");
    assert_eq!(press("pager").await.0, 404);
    let forged = visitor.post(path, "id=webhook").await;
    assert_eq!(forged.status(), 403);
    assert_eq!(receiver.until(2).await.len(), 2);
}
