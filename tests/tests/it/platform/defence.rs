//! The layers between the internet and the shops, as the running server has them.

use std::cell::Cell;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use sqlx::{Connection as _, PgConnection};
use tenancy_core::time::Time;
use tenancy_tests::{Postgres, Redis, Server};

use super::Town;

/// Until when every server honours what was changed at one, with time for one request.
const WITHIN: Duration = Duration::from_millis(1_100);

/// Until when a state that must come has come, on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Lets a test say where a client is.
const PROXIES: (&str, &str) = ("TENANCY_TRUSTED_PROXIES", "127.0.0.0/8");

/// A request on its way.
struct Visit<'t> {
    town: &'t Town,
    method: Method,
    host: &'t str,
    path: &'t str,
    headers: Vec<(&'t str, &'t str)>,
}

impl Town {
    fn visit<'t>(&'t self, host: &'t str, path: &'t str) -> Visit<'t> {
        Visit {
            town: self,
            method: Method::GET,
            host,
            path,
            headers: vec![],
        }
    }

    async fn on_sqlite_with(more: &[(&'static str, &str)]) -> Self {
        let address = Server::free_address();
        let listen = [("TENANCY_LISTEN", address.to_string())];
        let more = more
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let settings = listen.into_iter().chain(more).collect();
        Self::start(address, settings, &["serve"], None).await
    }

    /// Waits until a client gets a status, and says how long that took.
    async fn until_from(&self, host: &str, client: &str, status: u16) -> Duration {
        let since = Instant::now();
        while self.visit(host, "/").from(client).status().await != status {
            assert!(since.elapsed() < Duration::from_secs(5), "never {status}");
        }
        since.elapsed()
    }
}

impl<'t> Visit<'t> {
    fn from(self, client: &'t str) -> Self {
        self.header("x-forwarded-for", client)
    }

    fn header(mut self, name: &'t str, value: &'t str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn post(mut self) -> Self {
        self.method = Method::POST;
        self
    }

    async fn send(self) -> Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}{}", self.town.address, self.path);
        let request = client.request(self.method, url).header("host", self.host);
        let headers = self.headers.into_iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        request.send().await.unwrap()
    }

    async fn status(self) -> u16 {
        self.send().await.status().as_u16()
    }
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

async fn both_with_two_shops() -> [Town; 2] {
    let on_postgres = Town::on(Postgres::shared().await, &[PROXIES]).await;
    let towns = [Town::on_sqlite_with(&[PROXIES]).await, on_postgres];
    for town in &towns {
        for slug in ["acme", "bolt"] {
            town.command(&["tenant", "create", slug]);
        }
    }
    towns
}

#[tokio::test]
async fn a_blocked_address_is_refused_within_a_second_until_it_is_let_in_again() {
    let (acme, bolt, away) = ("acme.localhost", "bolt.localhost", "203.0.113.7");
    for town in both_with_two_shops().await {
        assert_eq!(town.visit(acme, "/").from(away).status().await, 200);
        let added = town.command(&["block", "add", "203.0.113.0/24", "--reason", "scans"]);
        assert_eq!(added["network"], "203.0.113.0/24");
        assert!(town.until_from(acme, away, 403).await < WITHIN);
        for host in [bolt, "localhost", "nobody.localhost"] {
            let refused = town.visit(host, "/").from(away).send().await;
            assert_eq!(refused.status(), 403, "{host}");
            assert_eq!(header(&refused, "x-content-type-options"), "nosniff");
        }
        assert_eq!(
            town.visit(acme, "/").from("203.0.114.7").status().await,
            200
        );
        // What is allowed wins.
        town.command(&["block", "add", "203.0.113.7", "--allow"]);
        assert!(town.until_from(acme, away, 200).await < WITHIN);
        assert_eq!(
            town.visit(acme, "/").from("203.0.113.8").status().await,
            403
        );
        let listed = town.command(&["block", "list"]);
        assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
        // A shop's own entry is no other's, and ends by itself.
        town.command(&["block", "remove", "203.0.113.0/24"]);
        assert!(town.until_from(acme, "203.0.113.8", 200).await < WITHIN);
        let add = ["block", "add", away, "--tenant", "acme", "--for", "3s"];
        let added = Instant::now();
        town.command(&add);
        town.until_from(acme, away, 403).await;
        assert_eq!(town.visit(bolt, "/").from(away).status().await, 200);
        town.until_from(acme, away, 200).await;
        assert!(added.elapsed() >= Duration::from_secs(3));
        let said = town.fails(&["block", "add", "0.0.0.0/0"]);
        assert!(said.contains("that is everybody"), "{said}");
        let said = town.fails(&["block", "remove", "198.51.100.1"]);
        assert!(said.contains("block list"), "{said}");
        assert!(town.server.terminate().await.success());
    }
}

#[tokio::test]
async fn every_server_knows_who_is_blocked_and_one_that_begins_does_too() {
    let one = Town::on(Postgres::shared().await, &[PROXIES]).await;
    one.command(&["tenant", "create", "acme"]);
    let other = one.beside().await;
    one.command(&["block", "add", "2001:db8::/32"]);
    for town in [&one, &other] {
        let waited = town.until_from("acme.localhost", "2001:db8::7", 403).await;
        assert!(waited < WITHIN, "{waited:?}");
    }
    let third = one.beside().await;
    third.until_from("acme.localhost", "2001:db8::7", 403).await;
}

#[tokio::test]
async fn limits_are_told_and_kept_and_a_tenants_own_holds_at_once() {
    let limits = [
        PROXIES,
        ("TENANCY_LIMITS__API", "3/h"),
        ("TENANCY_LIMITS__SEARCH", "2/h"),
        ("TENANCY_LIMITS__PLANS__BUSINESS__API", "4/h"),
    ];
    let town = Town::on_sqlite_with(&limits).await;
    let key = town.command(&["tenant", "create", "acme"])["api_key"].clone();
    town.command(&["tenant", "create", "bolt", "--plan", "business"]);
    let (acme, bolt, path) = ("acme.localhost", "bolt.localhost", "/api/products");
    let first = town.visit(acme, path).from("192.0.2.1").send().await;
    assert_eq!(first.status(), 200);
    assert_eq!(header(&first, "ratelimit"), r#""api";r=2;t=1200"#);
    assert_eq!(header(&first, "ratelimit-policy"), r#""api";q=3;w=3600"#);
    for _ in 0..2 {
        assert_eq!(town.visit(acme, path).from("192.0.2.1").status().await, 200);
    }
    let refused = town.visit(acme, path).from("192.0.2.1").send().await;
    assert_eq!(refused.status(), 429);
    assert_eq!(header(&refused, "content-type"), "application/problem+json");
    assert_eq!(header(&refused, "retry-after"), "1200");
    assert_eq!(header(&refused, "x-ratelimit-remaining"), "0");
    assert_eq!(header(&refused, "x-content-type-options"), "nosniff");
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["violated-policies"], serde_json::json!(["api"]));
    assert_eq!(problem["error"], "rate_limit_exceeded");
    // Others are others: by address, by who has signed in, by class, by tenant and its plan.
    assert_eq!(town.visit(acme, path).from("192.0.2.2").status().await, 200);
    let bearer = format!("Bearer {}", key.as_str().unwrap());
    let signed_in = town.visit(acme, path).from("192.0.2.1");
    let signed_in = signed_in.header("authorization", &bearer);
    assert_eq!(signed_in.status().await, 200);
    assert_eq!(town.visit(acme, "/").from("192.0.2.1").status().await, 200);
    let search = || town.visit(acme, "/api/products?q=mug").from("192.0.2.1");
    let statuses = [
        search().status().await,
        search().status().await,
        search().status().await,
    ];
    assert_eq!(statuses, [200, 200, 429]);
    let mut admitted = 0;
    while town.visit(bolt, path).from("192.0.2.1").status().await == 200 {
        admitted += 1;
    }
    assert_eq!(admitted, 4);
    // What a tenant is given of its own counts what was used before.
    town.command(&["tenant", "update", "acme", "--limit", "api=10/h"]);
    let since = Instant::now();
    while town.visit(acme, path).from("192.0.2.1").status().await != 200 {
        assert!(since.elapsed() < WITHIN);
    }
    let said = town.fails(&["tenant", "update", "acme", "--limit", "apis=10/h"]);
    assert!(said.contains("the limits are api, auth"), "{said}");
    // A person is told in a page.
    let visit = || town.visit(acme, "/products?q=mug").from("192.0.2.1");
    let page = visit().header("accept", "text/html").send().await;
    assert_eq!(page.status(), 429);
    assert!(header(&page, "content-type").starts_with("text/html"));
}

#[tokio::test]
async fn a_limit_by_address_holds_whatever_a_client_says_its_address_is() {
    let limits = [
        ("TENANCY_LIMITS__PAGE", "5/h"),
        ("TENANCY_LIMITS__ADDRESS", "20/h"),
    ];
    let town = Town::on_sqlite_with(&limits).await;
    town.command(&["tenant", "create", "acme"]);
    town.command(&["tenant", "create", "bolt"]);
    let admitted = async |host: &str, requests: usize| {
        let mut admitted = 0;
        for _ in 0..requests {
            let claimed = Ipv4Addr::from_bits(fastrand::u32(..));
            let (one, other) = (claimed.to_string(), format!("for={claimed}"));
            let visit = town.visit(host, "/").from(&one).header("x-real-ip", &one);
            let status = visit.header("forwarded", &other).status().await;
            assert!([200, 429].contains(&status), "{status}");
            admitted += usize::from(status == 200);
        }
        admitted
    };
    // By the shop's own limit, and then by the address' for whatever shop.
    assert_eq!(admitted("acme.localhost", 12).await, 5);
    assert_eq!(admitted("bolt.localhost", 4).await, 4);
    assert_eq!(admitted("localhost", 10).await, 4);
}

#[tokio::test]
async fn servers_with_one_redis_count_together_and_each_alone_while_it_is_away() {
    let redis = Redis::start().await;
    let shared = [
        PROXIES,
        ("TENANCY_REDIS_URL", &*redis.url()),
        ("TENANCY_LIMITS__API", "40/h"),
    ];
    let one = Town::on(Postgres::shared().await, &shared).await;
    one.command(&["tenant", "create", "acme"]);
    let other = one.beside().await;
    let admitted = async |client: &str| {
        let mut admitted = 0;
        for town in [&one, &other].into_iter().cycle().take(100) {
            let visit = town.visit("acme.localhost", "/api/products");
            admitted += usize::from(visit.from(client).status().await == 200);
        }
        admitted
    };
    // A busy machine may let Redis take longer than a decision waits, which is an outage as well.
    let together = async |network: &str| {
        let since = Instant::now();
        for number in 1..=255 {
            if admitted(&format!("{network}.{number}")).await == 40 {
                return;
            }
            assert!(since.elapsed() < PATIENCE);
        }
        panic!("no client was held to one quota");
    };
    together("192.0.2").await;
    redis.kill().await;
    // Each holds its callers to the whole quota.
    assert_eq!(admitted("198.51.100.1").await, 80);
    redis.restart().await;
    // Back together, without a restart, once the breaker has let a request through.
    together("203.0.113").await;
}

#[tokio::test]
async fn another_site_changes_nothing_and_its_scripts_read_what_the_tenant_lets_them() {
    let town = Town::on_sqlite_with(&[]).await;
    town.command(&["tenant", "create", "acme"]);
    town.command(&["tenant", "create", "bolt"]);
    for site in ["cross-site", "same-site", "bogus"] {
        let forged = town.visit("acme.localhost", "/api/orders").post();
        let refused = forged.header("sec-fetch-site", site).send().await;
        assert_eq!(refused.status(), 403, "{site}");
        assert_eq!(header(&refused, "x-frame-options"), "DENY", "{site}");
    }
    let partner = "https://partner.example";
    let readers = async |host: &str| {
        let visit = town.visit(host, "/api/products").header("origin", partner);
        header(&visit.send().await, "access-control-allow-origin").to_owned()
    };
    assert_eq!(readers("acme.localhost").await, "");
    town.command(&["tenant", "update", "acme", "--cors-origins", partner]);
    let since = Instant::now();
    while readers("acme.localhost").await != partner {
        assert!(since.elapsed() < WITHIN);
    }
    assert_eq!(readers("bolt.localhost").await, "");
    town.command(&["tenant", "update", "acme", "--cors-origins"]);
    let since = Instant::now();
    while !readers("acme.localhost").await.is_empty() {
        assert!(since.elapsed() < WITHIN);
    }
}

#[tokio::test]
async fn a_tenants_pages_are_framed_by_its_own_domains_and_by_nobody_elses() {
    let town = Town::on_sqlite_with(&[]).await;
    town.command(&["tenant", "create", "acme"]);
    town.command(&["tenant", "create", "bolt"]);
    let ancestors = async |host: &str| {
        let page = town.visit(host, "/").send().await;
        let policy = header(&page, "content-security-policy").to_owned();
        let found = policy
            .split("; ")
            .find(|part| part.starts_with("frame-ancestors"));
        found.unwrap().to_owned()
    };
    assert_eq!(ancestors("acme.localhost").await, "frame-ancestors 'none'");
    town.command(&["domain", "add", "--tenant", "acme", "www.acme.test"]);
    let framed_by = "https://partner.example";
    town.command(&["tenant", "update", "acme", "--frame-ancestors", framed_by]);
    let expected = "frame-ancestors https://partner.example https://www.acme.test";
    let since = Instant::now();
    while ancestors("acme.localhost").await != expected {
        assert!(
            since.elapsed() < WITHIN,
            "{}",
            ancestors("acme.localhost").await
        );
    }
    assert_eq!(ancestors("www.acme.test").await, expected);
    assert_eq!(ancestors("bolt.localhost").await, "frame-ancestors 'none'");
    let wrong = [
        "https://a.example;script-src *",
        "*",
        "data:",
        "javascript:alert(1)",
        "https://user@x",
        "https://192.0.2.1",
        "https://xn--80ak6aa92e.com",
        "http://a.example",
    ];
    for ancestor in wrong {
        town.fails(&["tenant", "update", "acme", "--frame-ancestors", ancestor]);
    }
    assert_eq!(ancestors("acme.localhost").await, expected);
}

#[tokio::test]
async fn an_attack_is_refused_as_its_tenant_says_and_stands_in_its_journal() {
    for town in both_with_two_shops().await {
        let (acme, bolt) = ("acme.localhost", "bolt.localhost");
        let attack = "/api/products?q=1%27%20or%201%3D1%20--%20";
        let refused = town.visit(acme, attack).send().await;
        assert_eq!(refused.status(), 403);
        assert_eq!(header(&refused, "content-type"), "application/problem+json");
        assert_eq!(header(&refused, "x-content-type-options"), "nosniff");
        let harmless = "/api/products?q=Try+out+the+%22SELECT+all%22+button";
        assert_eq!(town.visit(acme, harmless).status().await, 200);
        assert_eq!(
            town.visit(acme, "/..%2f..%2fetc/passwd").status().await,
            403
        );
        assert_eq!(town.visit(acme, "/file..name.txt").status().await, 404);
        let agent = town
            .visit(acme, "/")
            .header("user-agent", "${jndi:ldap://x/a}");
        assert_eq!(agent.status().await, 403);
        // A tenant may only watch.
        town.command(&["tenant", "update", "bolt", "--threat-mode", "observe"]);
        let since = Instant::now();
        while town.visit(bolt, attack).status().await != 200 {
            assert!(since.elapsed() < WITHIN);
        }
        for (slug, action) in [("acme", "refused"), ("bolt", "passed")] {
            let key = town.command(&["key", "create", "--tenant", slug])["api_key"].clone();
            let bearer = format!("Bearer {}", key.as_str().unwrap());
            let host = format!("{slug}.localhost");
            let since = Instant::now();
            loop {
                let trail = town.visit(&host, "/api/audit?resource=threat&limit=250");
                let trail = trail.header("authorization", &bearer).send().await;
                let trail: serde_json::Value = trail.json().await.unwrap();
                let entries = trail["data"].as_array().unwrap();
                let seen = entries
                    .iter()
                    .any(|entry| entry["after"]["action"] == action);
                let said = trail.to_string();
                assert!(!said.contains("1=1") && !said.contains("jndi:"), "{said}");
                if seen {
                    break;
                }
                assert!(since.elapsed() < Duration::from_secs(10), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn passwords_and_declared_html_may_look_like_attacks() {
    let town = Town::on_sqlite_with(&[]).await;
    let key = town.command(&["tenant", "create", "acme"])["api_key"].clone();
    let bearer = format!("Bearer {}", key.as_str().unwrap());
    let send = async |path: &str, body: serde_json::Value| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("http://{}{path}", town.address));
        let request = request.header("host", "acme.localhost").json(&body);
        request
            .header("authorization", &bearer)
            .send()
            .await
            .unwrap()
    };
    let password = "'|n^O#57VAA`+hYO' or 1=1 --";
    let login = serde_json::json!({"email": "ann@example.com", "password": password});
    assert_eq!(send("/api/login", login).await.status(), 401);
    let html = "<style>a{b:c}</style><p onclick=\"x()\">Hand <b>made</b></p><script>x()</script>";
    let variant = serde_json::json!({"price": {"amount": 900, "currency": "USD"}, "stock": 1});
    let product = serde_json::json!({"name": "Cup", "description": html, "variants": [variant]});
    let made = send("/api/products", product).await;
    assert_eq!(made.status(), 201);
    let made: serde_json::Value = made.json().await.unwrap();
    assert_eq!(made["description"], "<p>Hand <b>made</b></p>");
    let named = serde_json::json!({"name": "<script>x()</script>"});
    assert_eq!(send("/api/products", named).await.status(), 403);
}

#[tokio::test]
async fn a_client_that_sends_slowly_holds_up_nobody_else() {
    let few = [PROXIES, ("TENANCY_LIMITS__CLIENT_REQUESTS_MAX", "4")];
    let town = Town::on_sqlite_with(&few).await;
    town.command(&["tenant", "create", "acme"]);
    let mut slow = vec![];
    for _ in 0..4 {
        let mut stream = TcpStream::connect(town.address).unwrap();
        let head = "POST /api/products HTTP/1.1\r\nHost: acme.localhost\r\n\
                    X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/json\r\n\
                    Content-Length: 1000\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
        slow.push(stream);
    }
    let visit = || town.visit("acme.localhost", "/");
    let since = Instant::now();
    while visit().from("203.0.113.7").status().await != 429 {
        assert!(since.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(visit().from("203.0.113.8").status().await, 200);
}

/// Opens as many requests as are asked for that never come to their end, each from an address of its own.
fn requests_without_an_end(town: &Town, host: &str, network: &str, count: u8) -> Vec<TcpStream> {
    let open = |number| {
        let mut stream = TcpStream::connect(town.address).unwrap();
        let head = format!(
            "POST /api/products HTTP/1.1\r\nHost: {host}\r\n\
             X-Forwarded-For: {network}.{number}\r\nContent-Type: application/json\r\n\
             Content-Length: 1000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    (0..count).map(open).collect()
}

#[tokio::test]
async fn a_busy_shop_leaves_places_to_others_and_a_busy_server_to_what_matters() {
    let town = Town::on_sqlite_with(&[PROXIES, ("TENANCY_LIMITS__REQUESTS_MAX", "16")]).await;
    town.command(&["tenant", "create", "acme"]);
    town.command(&["tenant", "create", "bolt"]);
    let key = |slug| {
        let made = town.command(&["key", "create", "--tenant", slug, "--name", "till"]);
        format!("Bearer {}", made["api_key"].as_str().unwrap())
    };
    let keys = ["acme", "bolt"].map(key);
    let (acme, bolt) = ("acme.localhost", "bolt.localhost");

    // Half of all places.
    let slow = requests_without_an_end(&town, acme, "203.0.113", 8);
    town.until_from(acme, "192.0.2.1", 429).await;
    let visit = town.visit(bolt, "/").from("192.0.2.1");
    assert_eq!(visit.status().await, 200);

    // All but those that are kept free.
    let _slow = requests_without_an_end(&town, bolt, "198.51.100", 5);
    town.until_from(bolt, "192.0.2.1", 503).await;
    let visit = town.visit(bolt, "/api/products").from("192.0.2.1");
    let refused = visit.send().await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: serde_json::Value = refused.json().await.unwrap();
    let kind = problem["type"].as_str().unwrap();
    assert!(kind.ends_with("#temporary-reduced-capacity"), "{problem}");
    let post = |host, path| town.visit(host, path).from("192.0.2.1").post();
    assert_eq!(post(bolt, "/login").status().await, 415);
    assert_eq!(post(bolt, "/api/orders").status().await, 503);
    let order = post(bolt, "/api/orders").header("authorization", &keys[1]);
    assert_eq!(order.status().await, 415);
    // Its half is taken, whatever it is for.
    let order = post(acme, "/api/orders").header("authorization", &keys[0]);
    assert_eq!(order.status().await, 429);
    drop(slow);
    town.until_from(bolt, "192.0.2.1", 200).await;
}

#[tokio::test]
async fn what_browsers_report_of_a_page_is_taken_within_bounds() {
    let town = Town::on_sqlite_with(&[PROXIES]).await;
    town.command(&["tenant", "create", "acme"]);
    let page = town.visit("acme.localhost", "/").send().await;
    let policy = header(&page, "content-security-policy").to_owned();
    let (_, path) = policy.split_once("report-uri ").unwrap();
    let path = path.split([';', ' ']).next().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let report = async |body: String| {
        let request = client.post(format!("http://{}{path}", town.address));
        let request = request
            .header("host", "acme.localhost")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/csp-report");
        let sent = request.body(body).send().await.unwrap();
        sent.status().as_u16()
    };
    let violation = serde_json::json!({"csp-report": {
        "document-uri": "http://acme.localhost/", "violated-directive": "script-src",
    }});
    assert_eq!(report(violation.to_string()).await, 204);
    assert_eq!(report("x".repeat(1 << 20)).await, 413);
    let mut last = 204;
    for _ in 0..2_000 {
        last = report(violation.to_string()).await;
        if last != 204 {
            break;
        }
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn limits_are_told_as_structured_fields() {
    let settings = [PROXIES, ("TENANCY_LIMITS__SEARCH", "1/h")];
    let town = Town::on_sqlite_with(&settings).await;
    town.command(&["tenant", "create", "acme"]);
    for status in [200, 429] {
        let visit = town.visit("acme.localhost", "/api/products?q=mug");
        let answer = visit.send().await;
        assert_eq!(answer.status(), status);
        let list = |name: &str| {
            let lines = answer.headers().get_all(name).iter();
            let lines: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
            let list: sfv::List = sfv::Parser::new(&lines.join(", ")).parse().unwrap();
            assert_eq!(list.len(), 2, "{lines:?}");
            let item = |entry| match entry {
                sfv::ListEntry::Item(item) => item,
                sfv::ListEntry::InnerList(_) => panic!("{lines:?}"),
            };
            list.into_iter().map(item).collect::<Vec<_>>()
        };
        let check = |item: &sfv::Item, numbers: [&str; 2]| {
            assert!(item.bare_item.as_string().is_some(), "{item:?}");
            for number in numbers {
                let value = item.params.get(number).and_then(|value| value.as_integer());
                assert!(value.is_some_and(|value| i64::from(value) >= 0), "{item:?}");
            }
            assert!(item.params.get("pk").is_none(), "{item:?}");
        };
        for policy in list("ratelimit-policy") {
            check(&policy, ["q", "w"]);
        }
        for state in list("ratelimit") {
            check(&state, ["r", "t"]);
        }
    }
}

#[tokio::test]
async fn a_refusal_in_other_words_keeps_what_its_head_said() {
    let town = Town::on_sqlite_with(&[]).await;
    town.command(&["tenant", "create", "acme"]);
    let visit = town.visit("acme.localhost", "/products").post();
    let refused = visit.header("accept", "text/html").send().await;
    assert_eq!(refused.status(), 405);
    let told = refused.headers().get_all("ratelimit-policy").iter().count();
    assert_eq!(told, 2, "{:?}", refused.headers());
}

#[tokio::test]
async fn who_attacks_again_and_again_is_blocked_at_that_shop() {
    let settings = [PROXIES, ("TENANCY_THREAT__BLOCK_AFTER", "3/h")];
    let town = Town::on_sqlite_with(&settings).await;
    town.command(&["tenant", "create", "acme"]);
    town.command(&["tenant", "create", "bolt"]);
    let (acme, bolt, attacker) = ("acme.localhost", "bolt.localhost", "203.0.113.7");
    for _ in 0..3 {
        assert_eq!(town.visit(acme, "/").from(attacker).status().await, 200);
        let attack = town.visit(acme, "/?q=%3Cscript%3Ealert(1)%3C/script%3E");
        assert_eq!(attack.from(attacker).status().await, 403);
    }
    assert_eq!(town.visit(acme, "/").from(attacker).status().await, 403);
    assert_eq!(
        town.visit(acme, "/").from("203.0.113.8").status().await,
        200
    );
    assert_eq!(town.visit(bolt, "/").from(attacker).status().await, 200);
    let since = Instant::now();
    let listed = loop {
        let listed = town.command(&["block", "list", "--tenant", "acme"]);
        if !listed["data"].as_array().unwrap().is_empty() {
            break listed;
        }
        assert!(since.elapsed() < Duration::from_secs(5));
    };
    assert_eq!(listed["data"][0]["network"], "203.0.113.7/32");
    assert!(!listed["data"][0]["until"].is_null());
}

/// Whichever server blocked him, and however often it was started since.
#[tokio::test]
async fn who_guesses_passwords_again_is_blocked_for_twice_as_long() {
    let settings = [PROXIES, ("TENANCY_LIMITS__AUTH", "1000/h")];
    let town = Town::on(Postgres::shared().await, &settings).await;
    town.command(&["tenant", "create", "acme"]);
    let (acme, guesser) = ("acme.localhost", "203.0.113.7");
    // An entry of three hours that was over an hour ago.
    let add = ["block", "add", guesser, "--tenant", "acme", "--for", "3h"];
    town.command(&add);
    town.until_from(acme, guesser, 403).await;
    const AGE: &str = "UPDATE platform_blocks SET created_at = created_at - 14400000000, \
         ends_at = ends_at - 14400000000";
    const TELL: &str = "UPDATE platform_block_changes SET revision = revision + 1";
    let superuser = town.database.as_ref().unwrap().superuser_url();
    let mut superuser = PgConnection::connect(&superuser).await.unwrap();
    for statement in [AGE, TELL] {
        sqlx::query(statement)
            .execute(&mut superuser)
            .await
            .unwrap();
    }
    town.until_from(acme, guesser, 200).await;
    let listed = async || town.command(&["block", "list", "--tenant", "acme"])["data"].clone();
    assert_eq!(listed().await, serde_json::json!([]));
    for account in 0..20 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("http://{}/api/login", town.address));
        let request = request
            .header("host", acme)
            .header("x-forwarded-for", guesser);
        let email = format!("{account}@example.com");
        let wrong = serde_json::json!({"email": email, "password": "what it may be"});
        let refused = request.json(&wrong).send().await.unwrap();
        assert_eq!(refused.status(), 401, "{account}");
    }
    town.until_from(acme, guesser, 403).await;
    let since = Instant::now();
    let ban = loop {
        if let Some(ban) = listed().await.get(0) {
            break ban.clone();
        }
        assert!(since.elapsed() < Duration::from_secs(5));
    };
    let moment = |name: &str| {
        let moment: Time = serde_json::from_value(ban[name].clone()).unwrap();
        moment.to_timestamp()
    };
    let lasts = moment("until").duration_since(moment("created_at"));
    // The first was noted a moment after its time was reckoned.
    assert_eq!((lasts.as_millis() + 500) / 1000, 6 * 3600);
}

#[tokio::test]
async fn a_start_names_the_settings_that_make_the_layers_worth_less() {
    let careless = ("TENANCY_TRUSTED_PROXIES", "0.0.0.0/0");
    let town = Town::on_sqlite_with(&[careless]).await;
    let said = town.server.stderr();
    assert!(said.contains("trusts-everybody"), "{said}");
    let off = ("TENANCY_THREAT__MODE", "off");
    let town = Town::on_sqlite_with(&[off]).await;
    let said = town.server.stderr();
    assert!(said.contains("threats-off"), "{said}");
    let town = Town::on_sqlite_with(&[PROXIES]).await;
    let said = town.server.stderr();
    assert!(!said.contains("code="), "{said}");
}

/// How many session cookies the server has looked for in the database.
fn sessions_looked_up(postgres: &Postgres) -> usize {
    let log = postgres.log();
    log.matches("FROM platform_user_sessions s JOIN").count()
}

#[tokio::test]
async fn a_worthless_credential_costs_a_blocked_client_no_lookup_and_others_only_so_many() {
    let postgres = Postgres::start().await;
    let first = Town::on(&postgres, &[PROXIES]).await;
    let key = first.command(&["tenant", "create", "acme"])["api_key"].clone();
    first.database.as_ref().unwrap().log_statements().await;
    // Connections from before do not log.
    let town = first.beside().await;
    let acme = "acme.localhost";
    let number = Cell::new(0_u64);
    let cookie = || {
        number.set(number.get() + 1);
        format!("__Host-session={:0>42}A", number.get())
    };
    let browse = async |client: &str| {
        let cookie = cookie();
        let visit = town.visit(acme, "/api/products").from(client);
        let answer = visit.header("cookie", &cookie).send().await;
        let wait = header(&answer, "retry-after").to_owned();
        (answer.status().as_u16(), wait)
    };
    assert_eq!(browse("192.0.2.1").await.0, 200);
    assert_eq!(sessions_looked_up(&postgres), 1);

    town.command(&["block", "add", "203.0.113.0/24", "--tenant", "acme"]);
    town.until_from(acme, "203.0.113.7", 403).await;
    for _ in 0..20 {
        assert_eq!(browse("203.0.113.7").await.0, 403);
    }
    assert_eq!(sessions_looked_up(&postgres), 1);

    // One that is sent again and again, as with each picture of a page, is looked up once in a while.
    let stale = cookie();
    for _ in 0..40 {
        let visit = town.visit(acme, "/api/products").from("192.0.2.2");
        assert_eq!(visit.header("cookie", &stale).status().await, 200);
    }
    let stale = sessions_looked_up(&postgres) - 1;
    assert!(stale < 20, "{stale}");

    let mut looked_up = 0;
    let wait = loop {
        let (status, wait) = browse("192.0.2.3").await;
        if status == 429 {
            break wait;
        }
        assert_eq!(status, 200);
        looked_up += 1;
        assert!(looked_up < 1000, "never too many");
    };
    assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert_eq!(sessions_looked_up(&postgres), 1 + stale + looked_up);
    // A key is none the better, unless it is known; nor is anybody else held back.
    let bearer = |key: &str| format!("Bearer {key}");
    let with = async |client: &str, bearer: &str| {
        let visit = town.visit(acme, "/api/products").from(client);
        visit.header("authorization", bearer).status().await
    };
    let valid = bearer(key.as_str().unwrap());
    assert_eq!(with("192.0.2.3", &valid).await, 429);
    assert_eq!(with("192.0.2.4", &valid).await, 200);
    assert_eq!(with("192.0.2.3", &valid).await, 200);
    assert_eq!(browse("192.0.2.4").await.0, 200);
    assert_eq!(town.visit(acme, "/").from("192.0.2.3").status().await, 200);
}

/// Writes so many entries of a shop into the list, beside the server. Their network, end and kind are SQL.
async fn write_blocks(town: &Town, tenant: &str, count: usize, values: &str) {
    use sqlx::Connection as _;
    let url = town.database.as_ref().unwrap().superuser_url();
    let sql = format!(
        "INSERT INTO platform_blocks \
         (id, tenant_id, effect, reason, created_at, network, ends_at, is_ban) \
         SELECT gen_random_uuid(), '{tenant}', 'block', 'test', 0, {values} \
         FROM generate_series(0, {count} - 1) AS s (i)"
    );
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
}

/// How many rows the list has, those among them that are over.
async fn rows_of_list(town: &Town) -> i64 {
    use sqlx::Connection as _;
    let url = town.database.as_ref().unwrap().superuser_url();
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM platform_blocks");
    count.fetch_one(&mut connection).await.unwrap()
}

/// Networks of one address below `10`, or another number.
fn addresses(first: u8) -> String {
    format!("'{first}.' || i / 65536 || '.' || i / 256 % 256 || '.' || i % 256 || '/32'")
}

#[tokio::test]
async fn who_is_banned_crowds_out_nobody_whom_an_operator_blocks() {
    let settings = [PROXIES, ("TENANCY_THREAT__BLOCK_AFTER", "1/h")];
    let town = Town::on(Postgres::shared().await, &settings).await;
    let id = town.command(&["tenant", "create", "acme"])["id"].clone();
    let id = id.as_str().unwrap();
    let soon = "(EXTRACT(EPOCH FROM now()) * 1000000)::bigint + 600000000";
    write_blocks(&town, id, 3_000, &format!("{}, 1, 1", addresses(9))).await;
    let bans = format!("{}, {soon}, 1", addresses(10));
    write_blocks(&town, id, 4_998, &bans).await;
    let other = town.beside().await;
    let attack = async |client: &str| {
        let attack = town.visit("acme.localhost", "/?q=%3Cscript%3Ealert(1)%3C/script%3E");
        assert_eq!(attack.from(client).status().await, 403);
    };
    let listed = || {
        let listed = town.command(&["block", "list", "--tenant", "acme"]);
        listed["data"].as_array().unwrap().len()
    };
    // There is room for two more, and those that are over go.
    for client in ["203.0.113.1", "203.0.113.2"] {
        attack(client).await;
        other.until_from("acme.localhost", client, 403).await;
    }
    assert_eq!((listed(), rows_of_list(&town).await), (5_000, 5_000));
    attack("203.0.113.3").await;
    let since = Instant::now();
    while !town.server.stderr().contains("more addresses are banned") {
        assert!(since.elapsed() < Duration::from_secs(10));
        town.visit("acme.localhost", "/livez").status().await;
    }
    assert_eq!(listed(), 5_000);
    // What an operator says counts all the same, on each server.
    town.command(&["block", "add", "198.51.100.7", "--tenant", "acme"]);
    town.command(&["block", "add", "203.0.113.1", "--tenant", "acme", "--allow"]);
    for server in [&town, &other] {
        let blocked = server.until_from("acme.localhost", "198.51.100.7", 403);
        assert!(blocked.await < WITHIN);
        let allowed = server.until_from("acme.localhost", "203.0.113.1", 200);
        assert!(allowed.await < WITHIN);
    }
}

#[tokio::test]
async fn an_entry_for_which_there_is_no_room_is_refused() {
    let town = Town::on_postgres().await;
    let id = town.command(&["tenant", "create", "acme"])["id"].clone();
    let entered = format!("{}, NULL, 0", addresses(10));
    write_blocks(&town, id.as_str().unwrap(), 5_000, &entered).await;
    let add = |network| ["block", "add", network, "--tenant", "acme"];
    let said = town.fails(&add("198.51.100.7"));
    assert!(said.contains("at most 5000 entries"), "{said}");
    // One that is there is put anew.
    town.command(&add("10.0.0.7"));
    town.command(&["block", "remove", "10.0.0.8", "--tenant", "acme"]);
    town.command(&add("198.51.100.7"));
    town.command(&["block", "add", "198.51.100.7"]);
}
