//! People who sign in to a shop, and operators of the platform.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tenancy_tests::{Postgres, Redis, Server};

use super::shop::{Said, Shop};
use crate::town::Town;

const EMAIL: &str = "ann@example.com";

/// So wide that only the guard against guessing refuses.
const ATTEMPTS: (&str, &str) = ("TENANCY_LIMITS__AUTH", "1000/h");

/// A proxy of the server's own, which says where its clients are.
const PROXY: (&str, &str) = ("TENANCY_TRUSTED_PROXIES", "127.0.0.0/8");

/// Somebody who can sign in, and where.
struct Person {
    shop: Shop,
    password: String,
}

impl Person {
    /// Somebody new who works for a shop.
    fn of(town: &Town, shop: &Shop, slug: &str) -> Self {
        let made = town.command(&["user", "create", "--tenant", slug, EMAIL, "--name", "Ann"]);
        Self::with(shop, &made)
    }

    fn with(shop: &Shop, made: &Value) -> Self {
        Self {
            shop: shop.called_with(None),
            password: made["password"].as_str().unwrap().to_owned(),
        }
    }

    async fn try_in(&self, headers: &[(&str, &str)], email: &str, password: &str) -> Said {
        let body = json!({"email": email, "password": password});
        self.shop
            .call("POST", "/api/login", headers, Some(&body))
            .await
    }

    /// Signs in, and gives the cookie.
    async fn sign_in(&self) -> String {
        let said = self.try_in(&[], EMAIL, &self.password).await;
        said.with(200);
        cookie(&said)
    }

    async fn get(&self, path: &str, cookie: &str) -> Said {
        self.shop
            .call("GET", path, &[("cookie", cookie)], None)
            .await
    }
}

/// What a browser sends back of the cookie that was set.
#[track_caller]
fn cookie(said: &Said) -> String {
    let set = said.headers["set-cookie"].to_str().unwrap();
    let (cookie, flags) = set.split_once(';').unwrap();
    assert_eq!(flags, " Path=/; Secure; HttpOnly; SameSite=Lax");
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    cookie.to_owned()
}

/// What a page of the session would send along.
async fn token(person: &Person, cookie: &str) -> String {
    let me = person.get("/api/me", cookie).await;
    me.headers["x-csrf-token"].to_str().unwrap().to_owned()
}

async fn somebody_signs_in_works_and_signs_out(town: Town) {
    let shop = Shop::open(&town, "shop");
    let made = town.command(&["user", "create", "--tenant", "shop", " Ann@Example.com"]);
    assert_eq!(made["email"], EMAIL);
    let ann = Person::with(&shop, &made);
    ann.shop.get("/api/me").await.with(401);

    let said = ann.try_in(&[], " ANN@example.com", &ann.password).await;
    let me = said.with(200);
    let tenant = town.command(&["tenant", "show", "shop"]);
    let expected = json!({
        "kind": "user", "id": made["id"], "email": EMAIL, "name": "ann", "role": "staff",
        "tenant": {"id": tenant["id"], "slug": "shop", "name": tenant["name"]},
    });
    assert_eq!(me, expected);
    assert_eq!(said.headers["cache-control"], "no-store");
    let cookie = cookie(&said);
    assert_eq!(ann.get("/api/me", &cookie).await.with(200), me);

    // What only staff may, and the journal knows who it was.
    ann.get("/api/orders", &cookie).await.with(200);
    let headers = [("cookie", &*cookie)];
    let category = json!({"name": "Cups"});
    let forged = ann
        .shop
        .call("POST", "/api/categories", &headers, Some(&category));
    forged.await.with(403);
    let token = token(&ann, &cookie).await;
    let headers = [("cookie", &*cookie), ("x-csrf-token", &*token)];
    let made_category = ann
        .shop
        .call("POST", "/api/categories", &headers, Some(&category));
    made_category.await.with(201);
    let trail = shop.get("/api/audit").await.with(200);
    let actor = json!({"kind": "user", "id": made["id"], "name": "ann"});
    assert_eq!(trail["data"][0]["actor"], actor);
    let created = &trail["data"][1];
    assert_eq!(
        [&created["resource"], &created["action"]],
        ["user", "created"]
    );
    assert!(!trail.to_string().contains("argon2"), "{trail}");

    let out = ann.shop.call("POST", "/api/logout", &headers, None).await;
    out.with(204);
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(out.headers["clear-site-data"], "\"cache\", \"storage\"");
    ann.get("/api/me", &cookie).await.with(401);
    ann.get("/api/orders", &cookie).await.with(401);
    // The shop is open all the same, and who is nobody may sign out.
    ann.get("/api/products", &cookie).await.with(200);
    ann.shop
        .call("POST", "/api/logout", &[], None)
        .await
        .with(204);
}

async fn a_key_says_whose_it_is_and_counts_before_a_cookie(town: Town) {
    let shop = Shop::open(&town, "shop");
    let me = shop.get("/api/me").await.with(200);
    assert_eq!([&me["kind"], &me["name"]], ["key", "owner"]);
    assert_eq!([&me["email"], &me["role"]], [&Value::Null, &Value::Null]);
    assert_eq!(me["tenant"]["slug"], "shop");
    let cookie = Person::of(&town, &shop, "shop").sign_in().await;
    let both = shop
        .call("GET", "/api/me", &[("cookie", &cookie)], None)
        .await;
    assert_eq!(both.with(200), me);
    let wrong = shop.called_with(Some("tk_wrong"));
    let both = wrong
        .call("GET", "/api/me", &[("cookie", &cookie)], None)
        .await;
    both.with(401);
}

async fn whoever_is_not_let_in_is_not_told_why(town: Town) {
    let shop = Shop::open(&town, "shop");
    let attempts = ["tenant", "update", "shop", "--limit", "auth=1000/h"];
    town.command(&attempts);
    let ann = Person::of(&town, &shop, "shop");
    let ben = town.command(&["user", "create", "--tenant", "shop", "ben@example.com"]);
    town.command(&["user", "disable", "--tenant", "shop", "ben@example.com"]);
    let wrong = ann.try_in(&[], EMAIL, "not the password").await;
    assert_eq!(wrong.with(401)["status"], 401);
    assert_eq!(wrong.headers["content-type"], "application/problem+json");
    assert!(!wrong.headers.contains_key("set-cookie"));
    let bens = ben["password"].as_str().unwrap();
    for (email, password) in [
        ("eve@example.com", "not the password"),
        ("eve@example.com", &*ann.password),
        ("ben@example.com", bens),
        ("no address", "not the password"),
        (EMAIL, ""),
        (EMAIL, &"long".repeat(1000)),
    ] {
        let said = ann.try_in(&[], email, password).await;
        assert_eq!(said, wrong, "{email}");
    }
    ann.try_in(&[], "\0@example.com", "").await.with(403);
    for (body, status) in [
        (json!({}), 422),
        (json!({"email": EMAIL}), 422),
        (json!({"email": EMAIL, "password": 77777}), 422),
        (json!([]), 422),
    ] {
        let said = ann.shop.post("/api/login", &body).await;
        assert_eq!(said.status, status, "{body}");
        assert!(!said.json().to_string().contains("77777"), "{body}");
    }
    let form = b"email=ann%40example.com&password=x".to_vec();
    let kind = "application/x-www-form-urlencoded";
    ann.shop.send("/api/login", kind, form).await.with(415);
    let broken = b"{\"email\":".to_vec();
    ann.shop
        .send("/api/login", "application/json", broken)
        .await
        .with(400);
}

async fn a_cookie_counts_at_its_own_door_only(town: Town) {
    let (ours, theirs) = (Shop::open(&town, "ours"), Shop::open(&town, "theirs"));
    let (ann, bea) = (
        Person::of(&town, &ours, "ours"),
        Person::of(&town, &theirs, "theirs"),
    );
    let operator = town.command(&["user", "create", "--platform", EMAIL, "--name", "Olga"]);
    let olga = Person::with(&ours.called_at("localhost"), &operator);
    let me = olga.try_in(&[], EMAIL, &olga.password).await;
    let said = me.with(200);
    assert_eq!(said["role"], "operator");
    assert_eq!(said["tenant"], Value::Null);
    assert_eq!(operator["tenant"], Value::Null);
    let people = [&ann, &bea, &olga];
    let cookies = [ann.sign_in().await, bea.sign_in().await, cookie(&me)];
    for (place, person) in people.iter().enumerate() {
        for (other, cookie) in cookies.iter().enumerate() {
            let own = place == other;
            let said = person.get("/api/me", cookie).await;
            assert_eq!(said.status, if own { 200 } else { 401 }, "{place} {other}");
            let orders = person.get("/api/orders", cookie).await;
            let expected = match (place, own) {
                (2, _) => 404, // the platform sells nothing
                (_, true) => 200,
                (_, false) => 401,
            };
            assert_eq!(orders.status, expected, "{place} {other}");
        }
        // Two cookies: one was planted, and nobody knows which.
        let two = format!("{}; {}", cookies[place], cookies[(place + 1) % 3]);
        person.get("/api/me", &two).await.with(401);
    }
    // A password is one door's, too.
    ann.try_in(&[], EMAIL, &bea.password).await.with(401);
    olga.try_in(&[], EMAIL, &ann.password).await.with(401);
    ann.try_in(&[], EMAIL, &olga.password).await.with(401);
}

async fn a_cookie_from_before_is_never_taken_over(town: Town) {
    let shop = Shop::open(&town, "shop");
    let ann = Person::of(&town, &shop, "shop");
    let planted = format!("__Host-session={}", "A".repeat(43));
    let said = ann
        .try_in(&[("cookie", &planted)], EMAIL, &ann.password)
        .await;
    said.with(200);
    let first = cookie(&said);
    assert_ne!(first, planted);
    ann.get("/api/me", &planted).await.with(401);
    // Signing in again ends the session that the browser was in, and no other.
    let elsewhere = ann.sign_in().await;
    let said = ann
        .try_in(&[("cookie", &first)], EMAIL, &ann.password)
        .await;
    let second = cookie(&said);
    assert_ne!(second, first);
    ann.get("/api/me", &first).await.with(401);
    ann.get("/api/me", &second).await.with(200);
    ann.get("/api/me", &elsewhere).await.with(200);
}

async fn who_is_shut_out_is_out_at_once(town: Town) {
    let shop = Shop::open(&town, "shop");
    let ann = Person::of(&town, &shop, "shop");
    let at = ["--tenant", "shop", EMAIL];
    let user = |verb: &str| town.command(&[&["user", verb], &at[..]].concat());
    let cookie = ann.sign_in().await;
    ann.get("/api/orders", &cookie).await.with(200);
    assert!(!user("disable")["disabled_at"].is_null());
    ann.get("/api/orders", &cookie).await.with(401);
    ann.get("/api/me", &cookie).await.with(401);
    ann.try_in(&[], EMAIL, &ann.password).await.with(401);

    assert!(user("enable")["disabled_at"].is_null());
    // What had ended stays ended.
    ann.get("/api/me", &cookie).await.with(401);
    let cookie = ann.sign_in().await;
    let reset = user("reset");
    ann.get("/api/me", &cookie).await.with(401);
    ann.try_in(&[], EMAIL, &ann.password).await.with(401);
    let ann = Person::with(&shop, &reset);
    ann.sign_in().await;

    let listed = town.command(&["user", "list", "--tenant", "shop"]);
    assert_eq!(listed["data"][0]["email"], EMAIL);
    assert!(!listed.to_string().contains("argon2"), "{listed}");
    let verbs: Vec<_> = shop.get("/api/audit?resource=user").await.with(200)["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(verbs, ["password_reset", "enabled", "disabled", "created"]);
}

async fn guessing_is_refused_from_where_it_comes_and_nowhere_else(town: Town) {
    let shop = Shop::open(&town, "shop");
    let ann = Person::of(&town, &shop, "shop");
    let from = |address: &'static str| [("x-forwarded-for", address)];
    let guesser = from("203.0.113.7");
    for _ in 0..10 {
        ann.try_in(&guesser, EMAIL, "not the password")
            .await
            .with(401);
    }
    let refused = ann.try_in(&guesser, EMAIL, &ann.password).await;
    refused.with(429);
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    // What a client writes itself is no other address.
    let claims = [("x-forwarded-for", "198.51.100.1, 203.0.113.7")];
    ann.try_in(&claims, EMAIL, &ann.password).await.with(429);
    // The owner is elsewhere, and others where the guesser is.
    ann.try_in(&from("203.0.113.8"), EMAIL, &ann.password)
        .await
        .with(200);
    let ben = town.command(&["user", "create", "--tenant", "shop", "ben@example.com"]);
    let bens = ben["password"].as_str().unwrap();
    ann.try_in(&guesser, "ben@example.com", bens)
        .await
        .with(200);
    // An account that is not there is counted alike.
    let elsewhere = from("203.0.113.9");
    for _ in 0..10 {
        ann.try_in(&elsewhere, "eve@example.com", "x")
            .await
            .with(401);
    }
    ann.try_in(&elsewhere, "eve@example.com", "x")
        .await
        .with(429);
}

#[tokio::test]
async fn guessing_is_refused_on_both_databases() {
    let on_postgres = Town::on(Postgres::shared().await, &[PROXY, ATTEMPTS]).await;
    let address = Server::free_address();
    let (name, attempts) = ATTEMPTS;
    let settings = vec![
        (name, attempts.to_owned()),
        ("TENANCY_LISTEN", address.to_string()),
        (PROXY.0, PROXY.1.to_owned()),
    ];
    let on_sqlite = Town::start(address, settings, &["serve"], None).await;
    for town in [on_postgres, on_sqlite] {
        guessing_is_refused_from_where_it_comes_and_nowhere_else(town).await;
    }
}

#[tokio::test]
async fn nodes_that_share_a_redis_count_failures_together_and_all_nodes_know_who_is_signed_in() {
    let redis = Redis::start().await;
    let shared = [("TENANCY_REDIS_URL", &*redis.url())];
    let town = Town::on(Postgres::shared().await, &shared).await;
    let other = town.beside().await;
    let shop = Shop::open(&town, "shop");
    let ann = Person::of(&town, &shop, "shop");
    let cookie = ann.sign_in().await;
    let there = Person {
        shop: ann.shop.at(&other),
        password: ann.password.clone(),
    };
    let me = ann.get("/api/me", &cookie).await.with(200);
    assert_eq!(there.get("/api/me", &cookie).await.with(200), me);
    for person in [&ann, &there].repeat(5) {
        person
            .try_in(&[], EMAIL, "not the password")
            .await
            .with(401);
    }
    ann.try_in(&[], EMAIL, &ann.password).await.with(429);
    there.try_in(&[], EMAIL, &ann.password).await.with(429);
    // Nobody signs in uncounted, and who has signed in works on.
    redis.kill().await;
    ann.try_in(&[], "ben@example.com", "x").await.with(503);
    there.get("/api/me", &cookie).await.with(200);
}

async fn a_restart_signs_nobody_out(town: Town) {
    let shop = Shop::open(&town, "shop");
    let ann = Person::of(&town, &shop, "shop");
    let cookie = ann.sign_in().await;
    let me = ann.get("/api/me", &cookie).await.with(200);
    assert!(town.server.terminate().await.success());
    let address = Server::free_address();
    let kept = town
        .settings
        .iter()
        .filter(|(name, _)| *name != "TENANCY_LISTEN");
    let mut settings: Vec<_> = kept.cloned().collect();
    settings.push(("TENANCY_LISTEN", address.to_string()));
    let again = Town::start(address, settings, &["serve"], None).await;
    let ann = Person {
        shop: ann.shop.at(&again),
        ..ann
    };
    assert_eq!(ann.get("/api/me", &cookie).await.with(200), me);
}

async fn a_password_can_be_chosen_and_is_then_shown_to_nobody(town: Town) {
    let shop = Shop::open(&town, "shop");
    let create = |password: &str| {
        let settings = town.settings.iter().map(|(name, value)| (name, value));
        let mut command = Command::new(Server::built("platform"))
            .envs(settings)
            .args(["user", "create", "--tenant", "shop", EMAIL])
            .args(["--password-stdin", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = command.stdin.take().unwrap();
        stdin.write_all(password.as_bytes()).unwrap();
        drop(stdin);
        let done = command.wait_with_output().unwrap();
        serde_json::from_slice::<Value>(&done.stdout).unwrap()
    };
    let short = create("seven77\n");
    assert_eq!(short["error"], "a password has at least 8 characters");
    for guess in ["Password2026!\n", EMAIL, "shop!!!!\n"] {
        let error = create(guess)["error"].clone();
        assert_eq!(
            error,
            "this password is among the first that are tried; take another"
        );
    }
    let made = create("four words are good\nand no more\n");
    assert!(made.get("password").is_none(), "{made}");
    let ann = Person {
        shop: shop.called_with(None),
        password: "four words are good".to_owned(),
    };
    ann.sign_in().await;
    let again = create("four words are good");
    let error = again["error"].as_str().unwrap();
    assert!(error.contains("has an account already"), "{error}");
    for arguments in [
        &["user", "list"][..],
        &["user", "list", "--platform", "--tenant", "shop"],
        &["user", "create", "--tenant", "shop", "no address"],
        &["user", "disable", "--tenant", "shop", "eve@example.com"],
        &["user", "reset", "--platform", EMAIL],
    ] {
        town.fails(arguments);
    }
}

super::on_both!(
    a_cookie_counts_at_its_own_door_only,
    a_cookie_from_before_is_never_taken_over,
    a_key_says_whose_it_is_and_counts_before_a_cookie,
    a_password_can_be_chosen_and_is_then_shown_to_nobody,
    a_restart_signs_nobody_out,
    somebody_signs_in_works_and_signs_out,
    who_is_shut_out_is_out_at_once,
    whoever_is_not_let_in_is_not_told_why,
);
