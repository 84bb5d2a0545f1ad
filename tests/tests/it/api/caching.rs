//! What the server keeps in memory, and what others may keep of its answers.

use std::time::{Duration, Instant};

use reqwest::header::{
    CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, IF_NONE_MATCH, SET_COOKIE, VARY,
};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy_tests::Postgres;

use super::shop::{Said, Shop, id};
use crate::town::Town;

const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// Until when a running server honours a command, with time for one request.
const WITHIN: Duration = Duration::from_millis(1_100);

fn header(headers: &HeaderMap, name: impl Into<HeaderName>) -> Option<&str> {
    headers
        .get(name.into())
        .map(|value| value.to_str().unwrap())
}

fn varies_by(said: &Said, name: &str) -> bool {
    let mut values = said.headers.get_all(VARY).iter();
    values.any(|value| value.to_str().unwrap().contains(name))
}

async fn again(shop: &Shop, path: &str, said: &Said) -> Said {
    let tag = header(&said.headers, ETAG).unwrap();
    let known = [(IF_NONE_MATCH.as_str(), tag)];
    shop.call("GET", path, &known, None).await
}

async fn others_may_keep_what_everybody_may_read_and_ask_whether_it_is_true(town: Town) {
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    let cup = shop.stocked("Cup", 7).await;
    other.stocked("Cup", 7).await;
    let category = shop.post("/api/categories", &json!({"name": "Cups"})).await;
    let category = category.with(201);
    let anyone = shop.called_with(None);
    let paths = [
        "/api/products".to_owned(),
        format!("/api/products/{}", id(&cup)),
        "/api/categories".to_owned(),
        format!("/api/categories/{}", id(&category)),
    ];
    for path in &paths {
        let said = anyone.get(path).await;
        said.with(200);
        assert_eq!(
            header(&said.headers, CACHE_CONTROL),
            Some("public, no-cache")
        );
        assert!(varies_by(&said, "authorization"));
        let keys = header(&said.headers, SURROGATE_KEY).unwrap();
        let tags = header(&said.headers, CACHE_TAG).unwrap();
        assert_eq!(keys.replace(' ', ","), tags);
        let same = again(&anyone, path, &said).await;
        assert_eq!((same.status, same.body.len()), (304, 0));
        assert_eq!(header(&same.headers, SURROGATE_KEY), Some(keys));
        // Somebody's own is neither shared nor told by which tags it could be flushed.
        let own = again(&shop, path, &said).await;
        own.with(200);
        assert_eq!(
            header(&own.headers, CACHE_CONTROL),
            Some("private, no-cache")
        );
        assert_eq!(header(&own.headers, SURROGATE_KEY), None);
        assert_eq!(header(&own.headers, ETAG), None);
    }
    let list = anyone.get("/api/products").await;
    let one = anyone.get(&paths[1]).await;
    let foreign = other.called_with(None).get("/api/products").await;
    let keys = |said: &Said| -> Vec<String> {
        let keys = header(&said.headers, SURROGATE_KEY).unwrap();
        keys.split(' ').map(str::to_owned).collect()
    };
    assert_eq!((keys(&list).len(), keys(&one).len()), (4, 4));
    assert!(keys(&foreign).iter().all(|key| !keys(&list).contains(key)));
    let missing = other.called_with(None).get(&paths[1]).await;
    assert_eq!(missing.status, 404);
    assert_eq!(header(&missing.headers, SURROGATE_KEY), None);

    let patch = json!({"name": "Mug"});
    shop.patch(&paths[1], &patch).await.with(200);
    for (path, said) in [("/api/products", &list), (&*paths[1], &one)] {
        let now = again(&anyone, path, said).await;
        assert!(now.with(200).to_string().contains("Mug"));
        assert_ne!(header(&now.headers, ETAG), header(&said.headers, ETAG));
    }
    let flushed = town.command(&["cache", "flush", "--tenant", "shop", "--tag", "product"]);
    assert_eq!(flushed["data"][0]["edge_tags"][0], keys(&list)[0]);
    let flushed = town.command(&["cache", "flush", "--tenant", "shop"]);
    let all = flushed["data"][0]["edge_tags"].as_array().unwrap().clone();
    assert_eq!(all, [keys(&list)[3].as_str()]);
    assert_eq!(keys(&one)[3], keys(&list)[3]);
}

async fn pages_and_heads_have_what_the_whole_answer_has(town: Town) {
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    shop.stocked("Cup", 7).await;
    let category = shop.post("/api/categories", &json!({"name": "Cups"})).await;
    let category = category.with(201);
    let anyone = shop.called_with(None);
    let api = anyone.get("/api/products").await;
    let keys = header(&api.headers, SURROGATE_KEY).unwrap();
    let pages = [
        "/",
        "/products",
        "/products?q=cup",
        "/products/cup",
        "/categories",
        "/categories/cups",
    ];
    let answers = [
        "/api/products",
        "/api/categories",
        &format!("/api/categories/{}", id(&category)),
    ];
    for path in pages.into_iter().chain(answers) {
        let said = anyone.get(path).await;
        assert_eq!(said.status, 200, "{path}");
        assert_eq!(
            header(&said.headers, CACHE_CONTROL),
            Some("public, no-cache"),
            "{path}"
        );
        assert!(varies_by(&said, "authorization"), "{path}");
        assert_eq!(header(&said.headers, SET_COOKIE), None, "{path}");
        let head = anyone.call("HEAD", path, &[], None).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.headers, said.headers, "{path}");
        let same = again(&anyone, path, &said).await;
        assert_eq!((same.status, same.body.len()), (304, 0), "{path}");
        let known = [(IF_NONE_MATCH.as_str(), header(&said.headers, ETAG).unwrap())];
        assert_eq!(
            anyone.call("HEAD", path, &known, None).await.status,
            304,
            "{path}"
        );
        // What its own may see is theirs alone.
        let own = again(&shop, path, &said).await;
        assert_eq!(
            (own.status, header(&own.headers, CACHE_CONTROL)),
            (200, Some("private, no-cache"))
        );
        assert_eq!(header(&own.headers, SURROGATE_KEY), None, "{path}");
    }
    for path in ["/", "/products", "/products/cup", "/categories/cups"] {
        let said = anyone.get(path).await;
        assert_eq!(header(&said.headers, SURROGATE_KEY), Some(keys), "{path}");
    }
    let foreign = other.called_with(None).get("/").await;
    let foreign = header(&foreign.headers, SURROGATE_KEY).unwrap().to_owned();
    assert!(foreign.split(' ').all(|key| !keys.contains(key)));
    assert_eq!(
        other.called_with(None).get("/products/cup").await.status,
        404
    );

    let (front, page) = (anyone.get("/").await, anyone.get("/products/cup").await);
    let list = shop.get("/api/products").await.with(200);
    let path = format!("/api/products/{}", id(&list["data"][0]));
    shop.patch(&path, &json!({"name": "Mug"})).await.with(200);
    for (path, said) in [("/", &front), ("/products/cup", &page)] {
        let now = again(&anyone, path, said).await;
        assert_eq!(now.status, 200);
        assert!(String::from_utf8(now.body).unwrap().contains("Mug"));
    }
    // Who reads another language gets another page of the platform's own.
    let platform = shop.called_at("localhost");
    let landing = platform.get("/").await;
    assert_eq!(
        header(&landing.headers, CACHE_CONTROL),
        Some("public, no-cache")
    );
    assert!(varies_by(&landing, "accept-language") && landing.headers.contains_key(ETAG));
    assert_eq!(header(&landing.headers, SURROGATE_KEY), None);
    assert_eq!(again(&platform, "/", &landing).await.status, 304);
    assert_eq!(header(&platform.get("/nowhere").await.headers, ETAG), None);
}

async fn a_texts_length_tells_of_no_secret_and_others_are_sent_shorter(town: Town) {
    let shop = Shop::open(&town, "shop");
    let gzip = [("accept-encoding", "gzip, br")];
    for number in 0..5 {
        shop.stocked(&format!("Cup {number}"), 7).await;
    }
    let anyone = shop.called_with(None);
    let plain = anyone.get("/api/products").await;
    let short = anyone.call("GET", "/api/products", &gzip, None).await;
    assert_eq!(header(&plain.headers, CONTENT_ENCODING), None);
    assert_eq!(header(&short.headers, CONTENT_ENCODING), Some("gzip"));
    assert!(short.body.starts_with(&[0x1f, 0x8b]) && 4 * short.body.len() < plain.body.len());
    assert!(varies_by(&short, "accept-encoding"));
    assert_eq!(header(&short.headers, ETAG), header(&plain.headers, ETAG));
    let small = anyone.call("GET", "/api/categories", &gzip, None).await;
    assert_eq!(header(&small.headers, CONTENT_ENCODING), None);
    // The answer to a change is not to be stored, so it may hold what is secret.
    let long = json!({"name": "a".repeat(250), "variants": [], "description": "b".repeat(4_000)});
    let refused = shop.call("POST", "/api/products", &gzip, Some(&long)).await;
    assert!(refused.status >= 400, "{refused:?}");
    let mut bowl = super::shop::product("Bowl", 1);
    bowl["description"] = "b".repeat(4_000).into();
    let made = shop.call("POST", "/api/products", &gzip, Some(&bowl)).await;
    assert_eq!(made.status, 201);
    assert!(made.body.len() > 4_000);
    assert_eq!(header(&made.headers, CONTENT_ENCODING), None);
}

async fn what_another_process_changes_is_seen_within_a_second(town: Town) {
    let shop = Shop::open(&town, "shop");
    let cup = shop.stocked("Cup", 7).await;
    let anyone = shop.called_with(None);
    let shown = async || {
        let list = anyone.get("/api/products").await.with(200);
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(shown().await, 1);
    let file = std::env::temp_dir().join(format!("{}.csv", id(&cup)));
    let csv = "Handle,Title,Variant Price,Status\nbowl,Bowl,3.00,active\n";
    std::fs::write(&file, csv).unwrap();
    let path = file.display().to_string();
    let import = [
        "catalog", "import", "--tenant", "shop", "--format", "shopify", &path,
    ];
    town.command(&import);
    let since = Instant::now();
    while shown().await != 2 {
        assert!(since.elapsed() < WITHIN);
    }
    std::fs::remove_file(&file).unwrap();
}

/// Changes every name behind the server's back, with nothing in the journal.
pub(super) async fn rename(town: &Town, shop: &str, name: &str) {
    let database = town.database.as_ref().unwrap();
    let tenant = town.command(&["tenant", "show", shop]);
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    sqlx::query("SELECT set_config('app.tenant_id', $1, false)")
        .bind(tenant["id"].as_str().unwrap())
        .execute(&mut owner)
        .await
        .unwrap();
    let renamed = sqlx::query("UPDATE commerce_products SET name = $1").bind(name);
    let renamed = renamed.execute(&mut owner).await.unwrap();
    assert!(renamed.rows_affected() > 0);
}

#[tokio::test]
async fn what_is_flushed_by_command_is_read_anew_within_a_second() {
    // It is asked for again and again until it is there.
    let unlimited = [("TENANCY_LIMITS__ENABLED", "false")];
    let town = Town::on(Postgres::shared().await, &unlimited).await;
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    let name = async |shop: &Shop| {
        let list = shop.called_with(None).get("/api/products").await.with(200);
        list["data"][0]["name"].as_str().unwrap().to_owned()
    };
    for shop in [&shop, &other] {
        shop.stocked("Cup", 7).await;
        assert_eq!(name(shop).await, "Cup");
    }
    // Lets the change that the shops themselves made go by.
    let since = Instant::now();
    while since.elapsed() < WITHIN {
        name(&shop).await;
        name(&other).await;
    }
    rename(&town, "shop", "Mug").await;
    rename(&town, "other", "Mug").await;
    let orders: [&[&str]; 3] = [
        &["--tenant", "shop", "--tag", "product"],
        &["--tenant", "shop", "--class", "product_lists"],
        &["--all"],
    ];
    for (number, order) in (0..).zip(orders) {
        let (old, new) = (format!("Mug{number}"), format!("Mug{}", number + 1));
        let old = if number == 0 { "Cup".to_owned() } else { old };
        assert_eq!(name(&shop).await, old);
        rename(&town, "shop", &new).await;
        assert_eq!(name(&shop).await, old);
        town.command(&[&["cache", "flush"], order].concat());
        let since = Instant::now();
        while name(&shop).await != new {
            assert!(since.elapsed() < WITHIN, "{order:?}");
        }
        if number < 2 {
            assert_eq!(name(&other).await, "Cup");
        }
    }
    let since = Instant::now();
    while name(&other).await != "Mug" {
        assert!(since.elapsed() < WITHIN);
    }
    let trail = shop.get("/api/audit?resource=cache").await.with(200);
    assert_eq!(trail["data"][0]["resource_id"], "everything");
}

#[tokio::test]
async fn a_cache_that_is_switched_off_keeps_nothing_and_says_so() {
    let off = [("TENANCY_CACHE__ENABLED", "false")];
    let town = Town::on(Postgres::shared().await, &off).await;
    let shop = Shop::open(&town, "shop");
    shop.stocked("Cup", 7).await;
    let names = async || shop.get("/api/products").await.with(200).to_string();
    assert!(names().await.contains("Cup"));
    rename(&town, "shop", "Mug").await;
    assert!(names().await.contains("Mug"));
    let health = town.command(&["health"]).to_string();
    assert!(health.contains("cache is switched off"), "{health}");
    assert!(town.server.stderr().contains("cache is switched off"));
}

super::on_both!(
    a_texts_length_tells_of_no_secret_and_others_are_sent_shorter,
    others_may_keep_what_everybody_may_read_and_ask_whether_it_is_true,
    pages_and_heads_have_what_the_whole_answer_has,
    what_another_process_changes_is_seen_within_a_second,
);
