//! The pages of those who sign in, as a browser without scripts asks for them.

use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use tenancy_tests::{Postgres, Server};

use super::Town;

const SHOP: &str = "quillmoor.localhost";
const PLATFORM: &str = "localhost";

/// What the server said.
struct Said {
    status: u16,
    headers: HeaderMap,
    page: String,
}

impl Said {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// What a browser would send back of the cookie.
    #[track_caller]
    fn cookie(&self) -> String {
        let set = self.header("set-cookie");
        let (cookie, flags) = set.split_once(';').unwrap();
        assert_eq!(flags, " Path=/; Secure; HttpOnly; SameSite=Lax");
        cookie.to_owned()
    }

    /// The field of the page's form that shows where it was sent from.
    #[track_caller]
    fn token(&self) -> String {
        let (_, field) = self.page.split_once("name=\"_csrf\" value=\"").unwrap();
        let (token, _) = field.split_once('"').unwrap();
        assert!(!token.is_empty());
        format!("_csrf={token}")
    }

    /// Where the browser goes from here.
    #[track_caller]
    fn leads_to(&self, place: &str) {
        assert_eq!((self.status, self.header("location")), (303, place));
        assert_eq!(self.header("cache-control"), "no-store");
    }
}

/// A server on each database, with the shop `quillmoor`. The pages are on their own here: what else
/// would refuse who tries often, or sends odd things, does not.
async fn both_for_people() -> [Town; 2] {
    let settings = [
        ("TENANCY_LIMITS__AUTH", "1000/h"),
        ("TENANCY_THREAT__MODE", "observe"),
    ];
    let on_postgres = Town::on(Postgres::shared().await, &settings).await;
    let address = Server::free_address();
    let settings = settings.map(|(name, value)| (name, value.to_owned()));
    let listen = ("TENANCY_LISTEN", address.to_string());
    let settings = settings.into_iter().chain([listen]).collect();
    let on_sqlite = Town::start(address, settings, &["serve"], None).await;
    for town in [&on_postgres, &on_sqlite] {
        town.command(&["tenant", "create", "quillmoor"]);
    }
    [on_postgres, on_sqlite]
}

/// Asks as a browser does that follows nothing; a form is sent if there is one.
async fn ask(town: &Town, host: &str, path: &str, cookie: &str, form: Option<&str>) -> Said {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none());
    let client = client.build().unwrap();
    let url = format!("http://{}{path}", town.address);
    let request = match form {
        Some(form) => client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned()),
        None => client.get(url),
    };
    let request = request.header("host", host).header("cookie", cookie);
    let response = request.header("accept", "text/html").send().await.unwrap();
    Said {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        page: response.text().await.unwrap(),
    }
}

/// The form of the page, filled in.
fn form(password: &str, next: &str) -> String {
    let email = "ann%40example.com";
    format!("email={email}&password={password}&next={next}&_csrf=")
}

#[tokio::test]
async fn a_shops_staff_signs_in_looks_around_and_signs_out() {
    for town in both_for_people().await {
        let create = ["user", "create", "--tenant", "quillmoor", "ann@example.com"];
        let made = town.command(&create);
        let password = made["password"].as_str().unwrap();
        let get = async |path: &str, cookie: &str| ask(&town, SHOP, path, cookie, None).await;
        let send = async |form: &str| ask(&town, SHOP, "/login", "", Some(form)).await;

        get("/admin", "").await.leads_to("/login?next=%2Fadmin");
        let login = get("/login?next=%2Fadmin", "").await;
        assert_eq!(
            (login.status, login.header("cache-control")),
            (200, "no-store")
        );
        for part in [
            "method=\"post\" action=\"/login\"",
            "name=\"next\" value=\"/admin\"",
            "autocomplete=\"username\"",
            "autocomplete=\"current-password\"",
        ] {
            assert!(login.page.contains(part), "{part}: {}", login.page);
        }

        let wrong = send(&form("wrong%3Cb%3E", "%2Fproducts")).await;
        assert_eq!(wrong.status, 401);
        assert_eq!(wrong.header("cache-control"), "no-store");
        assert!(wrong.page.contains("role=\"alert\""), "{}", wrong.page);
        assert!(
            wrong.page.contains("value=\"ann@example.com\""),
            "{}",
            wrong.page
        );
        assert!(wrong.page.contains("value=\"/products\""), "{}", wrong.page);
        assert!(!wrong.page.contains("wrong"), "{}", wrong.page);
        assert!(!wrong.header("set-cookie").contains("__Host-session"));

        // A form that another site made has not the token of the stranger's own.
        let set = login.header("set-cookie");
        let (stranger, flags) = set.split_once(';').unwrap();
        assert!(stranger.starts_with("__Host-login="), "{set}");
        assert_eq!(
            flags,
            " Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Strict"
        );
        let entry = form(password, "");
        let with = async |token: &str| {
            let entry = entry.replace("_csrf=", token);
            ask(&town, SHOP, "/login", stranger, Some(&entry)).await
        };
        assert_eq!(with("_csrf=").await.status, 403);
        with(&login.token()).await.leads_to("/admin");
        let again = ask(&town, SHOP, "/login", stranger, None).await;
        assert_eq!(again.header("set-cookie"), "");
        with(&again.token()).await.leads_to("/admin");
        let others = get("/login", "").await.token();
        assert_eq!(with(&others).await.status, 403);

        // Only to a page of the shop's own, whatever a link says.
        for (next, place) in [
            ("%2Fproducts%3Fq%3Dvase", "/products?q=vase"),
            ("", "/admin"),
            ("%2F%2Fevil.example", "/admin"),
            ("%2F%5Cevil.example", "/admin"),
            ("%2F%09%2Fevil.example", "/admin"),
            ("%2F%0d%0aset-cookie:a%3Db", "/admin"),
            ("https%3A%2F%2Fevil.example", "/admin"),
            ("javascript%3Aalert(1)", "/admin"),
        ] {
            send(&form(password, next)).await.leads_to(place);
        }
        let cookie = send(&form(password, "")).await.cookie();

        let admin = get("/admin", &cookie).await;
        assert_eq!(
            (admin.status, admin.header("cache-control")),
            (200, "no-store")
        );
        assert!(admin.page.contains("signed in as ann"), "{}", admin.page);
        assert!(admin.page.contains("action=\"/logout\""), "{}", admin.page);
        get("/login", &cookie).await.leads_to("/admin");
        get("/login?next=//evil.example", &cookie)
            .await
            .leads_to("/admin");
        // What the shop shows to everybody is kept by nobody for whom it is not the same.
        let front = get("/", &cookie).await;
        assert_eq!(front.header("cache-control"), "private, no-cache");
        assert_eq!(
            ask(&town, PLATFORM, "/admin", &cookie, None).await.status,
            404
        );
        assert_eq!(get("/platform", &cookie).await.status, 404);

        let forged = ask(&town, SHOP, "/logout", &cookie, Some("_csrf=")).await;
        assert_eq!(forged.status, 403);
        let token = admin.token();
        let out = ask(&town, SHOP, "/logout", &cookie, Some(&token)).await;
        out.leads_to("/login");
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        assert_eq!(out.header("clear-site-data"), "\"cache\", \"storage\"");
        get("/admin", &cookie)
            .await
            .leads_to("/login?next=%2Fadmin");
        assert_eq!(get("/logout", &cookie).await.status, 405);

        for _ in 0..9 {
            send(&form("wrong", "")).await;
        }
        let refused = send(&form(password, "")).await;
        assert_eq!(refused.status, 429);
        assert!(!refused.header("retry-after").is_empty());
        assert!(
            refused.page.contains("quarter of an hour"),
            "{}",
            refused.page
        );
    }
}

#[tokio::test]
async fn an_operator_sees_all_shops_and_no_shop_takes_them_for_staff() {
    for town in both_for_people().await {
        let made = town.command(&["user", "create", "--platform", "ann@example.com"]);
        let password = made["password"].as_str().unwrap();
        let get =
            async |host: &str, path: &str, cookie: &str| ask(&town, host, path, cookie, None).await;
        get(PLATFORM, "/platform", "")
            .await
            .leads_to("/login?next=%2Fplatform");
        let form = form(password, "");
        let said = ask(&town, PLATFORM, "/login", "", Some(&form)).await;
        said.leads_to("/platform");
        let cookie = said.cookie();
        town.command(&["tenant", "create", "tidy"]);
        town.command(&["tenant", "maintenance", "tidy", "on"]);
        let console = get(PLATFORM, "/platform/shops", &cookie).await;
        assert_eq!(
            (console.status, console.header("cache-control")),
            (200, "no-store")
        );
        for part in [
            "quillmoor",
            "tidy",
            "Closed for maintenance",
            "signed in as ann",
        ] {
            assert!(console.page.contains(part), "{part}: {}", console.page);
        }
        assert_eq!(
            get(PLATFORM, "/platform/shops?after=zzz", &cookie)
                .await
                .status,
            200
        );
        assert_eq!(
            get(PLATFORM, "/platform/shops?after=-", &cookie)
                .await
                .status,
            404
        );
        get(SHOP, "/admin", &cookie)
            .await
            .leads_to("/login?next=%2Fadmin");
        assert_eq!(
            ask(&town, SHOP, "/login", "", Some(&form)).await.status,
            401
        );
        let token = console.token();
        ask(&town, PLATFORM, "/logout", &cookie, Some(&token))
            .await
            .leads_to("/login");
        get(PLATFORM, "/platform", &cookie)
            .await
            .leads_to("/login?next=%2Fplatform");
    }
}

#[tokio::test]
async fn the_first_start_shows_once_who_signs_in_where() {
    let town = Town::embedded().await;
    // The last line is printed after the server begins to answer nobody yet, so it is there.
    let printed = town.server.stdout();
    let shown: Vec<_> = printed
        .lines()
        .filter_map(|line| line.split_once("/login  "))
        .map(|(place, rest)| {
            let (email, password) = rest.split_once(", password, shown once: ").unwrap();
            let host = place
                .rsplit_once("//")
                .unwrap()
                .1
                .split(':')
                .next()
                .unwrap();
            (host.to_owned(), email.to_owned(), password.to_owned())
        })
        .collect();
    let hosts: Vec<_> = shown.iter().map(|(host, ..)| &**host).collect();
    let shops = [
        "quillmoor.localhost",
        "kettenspatz.localhost",
        "mistgate.localhost",
    ];
    assert_eq!(hosts, [&shops[..], &["localhost"]].concat(), "{printed}");
    for (host, email, password) in &shown {
        let email = email.replace('@', "%40");
        let form = format!("email={email}&password={password}");
        let said = ask(&town, host, "/login", "", Some(&form)).await;
        let page = if host == "localhost" {
            "/platform"
        } else {
            "/admin"
        };
        said.leads_to(page);
        let page = ask(&town, host, page, &said.cookie(), None).await;
        assert_eq!(page.status, 200, "{host}");
    }
    let settings = town.settings.clone();
    assert!(town.server.terminate().await.success());
    let again = Town::start(town.address, settings, &[], None).await;
    assert!(!again.server.stdout().contains("password"));
}

/// A shop whose sessions end as the settings say, and the cookie of somebody who has signed in there.
async fn signed_in_for(setting: (&'static str, &str)) -> (Town, String) {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_LIMITS__ENABLED", "false".to_owned()),
        (setting.0, setting.1.to_owned()),
    ];
    let town = Town::start(address, settings, &["serve"], None).await;
    town.command(&["tenant", "create", "quillmoor"]);
    let create = ["user", "create", "--tenant", "quillmoor", "ann@example.com"];
    let made = town.command(&create);
    let login = ask(&town, SHOP, "/login", "", None).await;
    let (stranger, _) = login.header("set-cookie").split_once(';').unwrap();
    let form = form(made["password"].as_str().unwrap(), "");
    let form = form.replace("_csrf=", &login.token());
    let cookie = ask(&town, SHOP, "/login", stranger, Some(&form)).await;
    let cookie = cookie.cookie();
    (town, cookie)
}

#[tokio::test]
async fn a_session_that_is_used_ends_after_its_whole_time() {
    let (town, cookie) = signed_in_for(("TENANCY_SESSIONS__ABSOLUTE_SECONDS", "3")).await;
    let began = Instant::now();
    while ask(&town, SHOP, "/admin", &cookie, None).await.status == 200 {
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}

#[tokio::test]
async fn a_session_goes_on_while_it_is_used_and_no_longer() {
    const IDLE: Duration = Duration::from_secs(4);
    let (town, cookie) = signed_in_for(("TENANCY_SESSIONS__IDLE_SECONDS", "4")).await;
    let began = Instant::now();
    while began.elapsed() < IDLE * 3 / 2 {
        let seen = ask(&town, SHOP, "/admin", &cookie, None).await;
        assert_eq!(seen.status, 200);
    }
    tokio::time::sleep(IDLE + Duration::from_secs(1)).await;
    assert_eq!(ask(&town, SHOP, "/admin", &cookie, None).await.status, 303);
}
