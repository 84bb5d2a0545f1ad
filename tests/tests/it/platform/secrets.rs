//! No secret leaves the server but to whom it belongs: not by its log, its messages, its pages or its figures.

mod needle;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_tests::receivers::Answer;
use tenancy_tests::{HttpReceiver, MailReceiver, Postgres, Server};

use self::needle::Needles;
use crate::town::Town;

/// Longer than anything here takes, on any machine.
const GUARD: Duration = Duration::from_secs(60);

/// What the server is configured with, one letter of which would be too much.
const SIGNING_SECRET: &str = "whsec_c2VjcmV0LW9mLXRoZS13ZWJob29rLTAxMjM0NTY3";
const SLACK_PATH: &str = "/services/T012345/B678901/slack-secret-abcdef";
const MAIL_PASSWORD: &str = "mail-password-0123";
const SMS_TOKEN: &str = "sms-token-456789";
const SENTRY_KEY: &str = "5ecde5e7c0ffee0123456789abcdef00";
const COLLECTOR_KEY: &str = "collector-key-fedcba";
const INFLUX_TOKEN: &str = "influx-token-97531";
const METRICS_TOKEN: &str = "metrics-token-86420-and-more";
const HEALTH_TOKEN: &str = "health-token-13579-and-more";
const PLATFORM_SECRET: &str = "platform-secret-which-signs-cursors-0123";

/// What clients send.
const PASSWORD: &str = "pass/word+with&signs=\"1\"";
const BEARER: &str = "tk_forged-bearer-0123456789";
const QUERY_TOKEN: &str = "token-in-a-query-2468";
const BOUND: &str = "value-bound-to-a-statement";

/// All that the server tells anything to.
struct Receivers {
    collector: HttpReceiver,
    hook: HttpReceiver,
    mail: MailReceiver,
    sentry: HttpReceiver,
    slack: HttpReceiver,
    sms: HttpReceiver,
}

impl Receivers {
    /// Slack refuses everything, and repeats what it was shown; so does the collector, once.
    async fn start() -> Self {
        let all = Self {
            collector: HttpReceiver::start().await,
            hook: HttpReceiver::start().await,
            mail: MailReceiver::start().await,
            sentry: HttpReceiver::start().await,
            slack: HttpReceiver::start().await,
            sms: HttpReceiver::start().await,
        };
        all.slack
            .always_answers(Answer::With(403, SLACK_PATH.as_bytes()));
        all.collector.answers([
            Answer::With(403, COLLECTOR_KEY.as_bytes()),
            Answer::With(500, COLLECTOR_KEY.as_bytes()),
        ]);
        all
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let mail = self.mail.url_as("alerts", MAIL_PASSWORD);
        let sentry = self.sentry.authority();
        vec![
            ("TENANCY_SECRET", PLATFORM_SECRET.to_owned()),
            (
                "TENANCY_SENTRY_DSN",
                format!("http://{SENTRY_KEY}@{sentry}/42"),
            ),
            ("TENANCY_ALERTS__SLACK__URL", self.slack.url(SLACK_PATH)),
            ("TENANCY_ALERTS__MAIL__SERVER", mail),
            (
                "TENANCY_ALERTS__MAIL__FROM",
                "alerts@example.com".to_owned(),
            ),
            ("TENANCY_ALERTS__MAIL__TO", "ada@example.com".to_owned()),
            ("TENANCY_ALERTS__SMS__URL", self.sms.url("/Messages.json")),
            ("TENANCY_ALERTS__SMS__ACCOUNT", "AC0123".to_owned()),
            ("TENANCY_ALERTS__SMS__TOKEN", SMS_TOKEN.to_owned()),
            ("TENANCY_ALERTS__SMS__FROM", "+15550100".to_owned()),
            ("TENANCY_ALERTS__SMS__TO", "+15550101".to_owned()),
            ("TENANCY_ALERTS__WEBHOOK__URL", self.hook.url("/hook")),
            ("TENANCY_ALERTS__WEBHOOK__SECRET", SIGNING_SECRET.to_owned()),
            ("TENANCY_PUSH__OTLP__URL", self.collector.url("/v1/metrics")),
            (
                "TENANCY_PUSH__OTLP__HEADERS",
                format!("api-key={COLLECTOR_KEY}"),
            ),
            ("TENANCY_PUSH__INFLUX__URL", self.collector.url("/write")),
            ("TENANCY_PUSH__INFLUX__TOKEN", INFLUX_TOKEN.to_owned()),
            ("TENANCY_PUSH__EVERY_SECONDS", "1".to_owned()),
            ("TENANCY_METRICS__ENABLED", "true".to_owned()),
            ("TENANCY_METRICS__TOKEN", METRICS_TOKEN.to_owned()),
            ("TENANCY_HEALTH__TOKEN", HEALTH_TOKEN.to_owned()),
            // Everything is slow, much is wrong, and all of it is told of.
            ("TENANCY_ALERTS__EVERY_SECONDS", "1".to_owned()),
            ("TENANCY_ALERTS__DISK_PERCENT", "1".to_owned()),
            ("TENANCY_PERFORMANCE__SLOW_MILLISECONDS", "1".to_owned()),
            ("TENANCY_PERFORMANCE__WRITE_SECONDS", "1".to_owned()),
            ("TENANCY_SLOW_QUERIES__MILLISECONDS", "1".to_owned()),
            ("TENANCY_SLOW_QUERIES__REPEATS", "1".to_owned()),
            ("TENANCY_LIMITS__ENABLED", "false".to_owned()),
            ("TENANCY_THREAT__MODE", "observe".to_owned()),
            ("TENANCY_LOG__FILTER", "trace".to_owned()),
        ]
    }

    /// What was told to each of them, without the headers that are for its eyes.
    fn told(&self) -> Vec<(&'static str, String)> {
        let bodies = |receiver: &HttpReceiver| -> String {
            receiver
                .received()
                .iter()
                .map(|message| message.text() + "\n")
                .collect()
        };
        let mails = self.mail.mails().into_iter().map(|mail| mail.data);
        vec![
            ("collector", bodies(&self.collector)),
            ("hook", bodies(&self.hook)),
            ("mail", mails.collect()),
            ("slack", bodies(&self.slack)),
            ("sms", bodies(&self.sms)),
        ]
    }
}

/// Somebody at the server who follows nothing.
struct Caller<'t> {
    town: &'t Town,
    client: Client,
}

impl<'t> Caller<'t> {
    fn new(town: &'t Town) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none());
        let client = client.build().unwrap();
        Self { town, client }
    }

    fn ask(&self, method: Method, host: &str, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.town.address);
        self.client.request(method, url).header("host", host)
    }

    async fn get(&self, host: &str, path: &str, header: (&str, &str)) -> (u16, String) {
        let request = self.ask(Method::GET, host, path).header(header.0, header.1);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn sign_in(&self, host: &str, email: &str, password: &str) -> reqwest::Response {
        let request = self.ask(Method::POST, host, "/api/login");
        let entry = json!({ "email": email, "password": password });
        request.json(&entry).send().await.unwrap()
    }
}

/// All pages of the console, and what is to be had beside them, as this operator sees them.
async fn console(caller: &Caller<'_>, cookie: &str) -> Vec<(String, String)> {
    let (mut known, mut pages) = (BTreeSet::new(), vec![]);
    let mut next = vec!["/platform".to_owned()];
    while let Some(path) = next.pop() {
        if !known.insert(path.clone()) {
            continue;
        }
        let (status, page) = caller.get("localhost", &path, ("cookie", cookie)).await;
        assert_eq!(status, 200, "{path}");
        let links = page.split("href=\"").skip(1);
        let links = links.filter_map(|link| link.split('"').next());
        let links = links.filter(|link| *link == "/platform" || link.starts_with("/platform/"));
        // Orders of the same rows are no other pages.
        next.extend(
            links
                .filter(|link| !link.contains("sort="))
                .map(|link| link.replace("&amp;", "&")),
        );
        pages.push((path, page));
    }
    for path in ["/platform/api/alerts", "/platform/api/health"] {
        let (status, said) = caller.get("localhost", path, ("cookie", cookie)).await;
        assert_eq!(status, 200, "{path}");
        pages.push((path.to_owned(), said));
    }
    pages
}

/// The value of the cookie that an answer sets.
fn cookie(response: &reqwest::Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    set.split_once(';').unwrap().0.to_owned()
}

/// Has a request wait for a table until it is seen to wait, and so be slow.
async fn slowly<T>(
    superuser: &mut PgConnection,
    table: &str,
    request: impl Future<Output = T>,
) -> T {
    const WAITS: &str = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
    let mut watcher = superuser.begin().await.unwrap();
    let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock))
        .execute(&mut *watcher)
        .await
        .unwrap();
    let release = async {
        while !sqlx::query_scalar::<_, bool>(WAITS)
            .fetch_one(&mut *watcher)
            .await
            .unwrap()
        {}
        watcher.rollback().await.unwrap();
    };
    tokio::join!(request, release).0
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_what_the_server_logs_tells_shows_or_counts() {
    let (postgres, receivers) = (Postgres::start().await, Receivers::start().await);
    let database = Town::database_on(&postgres).await;
    let (url, superuser) = (database.app_url(), database.superuser_url());
    let (_, database_password) = url.split_once('@').unwrap().0.rsplit_once(':').unwrap();
    let address = Server::free_address();
    let mut settings = receivers.settings();
    settings.push(("TENANCY_LISTEN", address.to_string()));
    settings.push(("TENANCY_DATABASE_URL", url.clone()));
    let town = Town::start(address, settings, &["serve"], Some(database)).await;
    let caller = Caller::new(&town);
    let mut superuser = PgConnection::connect(&superuser).await.unwrap();

    let made = town.command(&["tenant", "create", "acme"]);
    let key = made["api_key"].as_str().unwrap();
    let operator = town.command(&["user", "create", "--platform", "ann@example.com"]);
    let merchant = town.command(&["user", "create", "--tenant", "acme", "bea@example.com"]);
    let (operator, merchant) = (
        operator["password"].as_str().unwrap(),
        merchant["password"].as_str().unwrap(),
    );
    let shop = "acme.localhost";

    // Signing in, with the right words and with wrong ones.
    let signed_in = caller
        .sign_in("localhost", "ann@example.com", operator)
        .await;
    assert_eq!(signed_in.status(), 200);
    let session = cookie(&signed_in);
    let signed_in = caller.sign_in(shop, "bea@example.com", merchant).await;
    assert_eq!(signed_in.status(), 200);
    let shop_session = cookie(&signed_in);
    for host in ["localhost", shop] {
        let refused = caller.sign_in(host, "ann@example.com", PASSWORD).await;
        assert_eq!(refused.status(), 401, "{host}");
    }

    // A value that is bound to a slow statement.
    let bearer = format!("Bearer {key}");
    let authorization = ("authorization", &*bearer);
    let search = format!("/api/products?q={BOUND}&token={QUERY_TOKEN}");
    let search = caller.get(shop, &search, authorization);
    let (status, said) = slowly(&mut superuser, "commerce_products", search).await;
    assert!([200, 400].contains(&status), "{said}");
    let search = format!("/api/products?q={BOUND}");
    let search = caller.get(shop, &search, authorization);
    let (status, said) = slowly(&mut superuser, "commerce_products", search).await;
    assert_eq!(status, 200, "{said}");

    // One that a statement fails for, of which PostgreSQL says what the row had.
    let refuse =
        format!("ALTER TABLE commerce_customers ADD CHECK (name IS DISTINCT FROM '{BOUND}')");
    sqlx::raw_sql(AssertSqlSafe(refuse))
        .execute(&mut superuser)
        .await
        .unwrap();
    let customer = json!({ "email": "cid@example.com", "name": BOUND });
    let request = caller
        .ask(Method::POST, shop, "/api/customers")
        .bearer_auth(key);
    let failed = request.json(&customer).send().await.unwrap();
    assert!(
        failed.status().is_server_error() || failed.status().is_client_error(),
        "{failed:?}"
    );

    // Errors with secrets in every part of a request.
    let hide = "ALTER TABLE platform_users RENAME TO hidden";
    sqlx::raw_sql(hide).execute(&mut superuser).await.unwrap();
    let path = format!("/api/login?token={QUERY_TOKEN}");
    let request = caller.ask(Method::POST, shop, &path);
    let request = request
        .header("x-api-key", BEARER)
        .header("cookie", &shop_session);
    let entry = json!({ "email": "bea@example.com", "password": PASSWORD });
    let failed = request
        .bearer_auth(BEARER)
        .json(&entry)
        .send()
        .await
        .unwrap();
    assert!(
        failed.status() == 401 || failed.status() == 500,
        "{failed:?}"
    );
    let failed = caller.sign_in(shop, "bea@example.com", merchant).await;
    assert_eq!(failed.status(), 500);
    let forged = ("authorization", &*format!("Bearer {BEARER}"));
    let (status, _) = caller.get(shop, "/api/orders", forged).await;
    assert_eq!(status, 401);

    // All of it is known where it can be seen: the message that Slack refused, the statements.
    let start = Instant::now();
    let pages = loop {
        let pages = console(&caller, &session).await;
        let shows = |path: &str, text: &str| {
            pages
                .iter()
                .any(|(at, page)| at == path && page.contains(text))
        };
        if shows("/platform/alerts", "403")
            && shows("/platform/slow-statements", "commerce_products")
            && shows("/platform", "/api/login")
        {
            break pages;
        }
        assert!(start.elapsed() < GUARD, "{pages:?}");
    };
    assert!(
        pages.len() >= 10,
        "{:?}",
        pages.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    let told = ("authorization", &*format!("Bearer {METRICS_TOKEN}"));
    let (status, metrics) = caller.get("localhost", "/metrics", told).await;
    assert!(
        status == 200 && metrics.contains("tenancy_http_requests_total"),
        "{metrics}"
    );
    let (status, report) = caller
        .get(shop, "/api/reports/performance", authorization)
        .await;
    assert!(
        status == 200 && report.contains("slow_endpoints"),
        "{report}"
    );
    let token = ("authorization", &*format!("Bearer {HEALTH_TOKEN}"));
    let (_, health) = caller.get("localhost", "/health", token).await;
    assert!(health.contains("checks"), "{health}");
    let mut all: Vec<(String, String)> = pages;
    for (name, text) in [("metrics", metrics), ("report", report), ("health", health)] {
        all.push((name.to_owned(), text));
    }
    for arguments in [
        &["alert", "list", "--dead"][..],
        &["alert", "list"],
        &["readiness"],
        &["advise"],
        &["health"],
    ] {
        let done = town.try_command(arguments);
        for text in [done.stdout, done.stderr] {
            all.push((
                arguments.join(" "),
                String::from_utf8_lossy(&text).into_owned(),
            ));
        }
    }

    // The worst is told to everybody, while the database is away.
    drop(superuser);
    postgres.stop().await;
    receivers.sms.until(1).await;
    let is_told = |text: &str| text.contains("health");
    let start = Instant::now();
    while !receivers
        .told()
        .iter()
        .filter(|(name, _)| *name != "collector")
        .all(|(_, text)| is_told(text))
    {
        assert!(start.elapsed() < GUARD, "{:?}", receivers.told());
        tokio::task::yield_now().await;
    }
    assert_eq!(
        caller
            .sign_in(shop, "bea@example.com", PASSWORD)
            .await
            .status(),
        503
    );
    receivers.collector.until(4).await;
    let events = receivers.sentry.until(1).await;
    assert!(town.server.terminate().await.success());
    all.extend(
        receivers
            .told()
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text)),
    );
    all.push(("log".to_owned(), town.server.stderr()));
    all.push(("output".to_owned(), town.server.stdout()));

    let mut needles = Needles::default();
    for secret in [
        SIGNING_SECRET,
        SIGNING_SECRET.trim_start_matches("whsec_"),
        SLACK_PATH.rsplit('/').next().unwrap(),
        MAIL_PASSWORD,
        SMS_TOKEN,
        COLLECTOR_KEY,
        INFLUX_TOKEN,
        METRICS_TOKEN,
        HEALTH_TOKEN,
        PLATFORM_SECRET,
        PASSWORD,
        BEARER,
        QUERY_TOKEN,
        BOUND,
        key,
        operator,
        merchant,
        database_password,
        session.split_once('=').unwrap().1,
        shop_session.split_once('=').unwrap().1,
    ] {
        needles.add(secret);
    }
    for event in events {
        all.push(("sentry".to_owned(), event.text()));
    }
    let found: Vec<_> = all
        .iter()
        .flat_map(|(place, text)| needles.found(place, text))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    // Sentry itself is told its key.
    needles = Needles::default();
    needles.add(SENTRY_KEY);
    let others = all.iter().filter(|(place, _)| place != "sentry");
    let found: Vec<_> = others
        .flat_map(|(place, text)| needles.found(place, text))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}
