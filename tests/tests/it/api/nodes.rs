//! Two servers of one platform that share what they keep through Redis.

use std::time::{Duration, Instant};

use serde_json::json;
use tenancy_tests::{Postgres, Redis, Server};

use super::caching::rename;
use super::shop::{Shop, id};
use crate::town::{Town, refused};

/// Until when one server honours what was changed at the other, with time for one request.
const WITHIN: Duration = Duration::from_millis(1_100);

/// A server, and another one beside it.
async fn two(redis: &Redis) -> [Town; 2] {
    let shared = [("TENANCY_REDIS_URL", &*redis.url())];
    let one = Town::on(Postgres::shared().await, &shared).await;
    let other = one.beside().await;
    [one, other]
}

async fn name(shop: &Shop) -> String {
    let list = shop.called_with(None).get("/api/products").await.with(200);
    list["data"][0]["name"].as_str().unwrap().to_owned()
}

/// Waits until a shop's product has a name, and says how long that took.
async fn named(shop: &Shop, expected: &str) -> Duration {
    let since = Instant::now();
    while name(shop).await != expected {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "never {expected}"
        );
    }
    since.elapsed()
}

#[tokio::test]
async fn what_one_server_has_loaded_the_other_finds_and_its_changes_as_well() {
    let redis = Redis::start().await;
    let [one, other] = two(&redis).await;
    let here = Shop::open(&one, "shop");
    let there = here.at(&other);
    let cup = here.stocked("Cup", 7).await;
    // From when on both have read the logs of flushes.
    named(&here, "Cup").await;
    named(&there, "Cup").await;
    one.command(&["cache", "flush", "--tenant", "shop"]);
    tokio::time::sleep(WITHIN).await;
    assert_eq!(name(&here).await, "Cup");
    // Changed past everybody who would tell: what is still the old value was kept, and not here.
    rename(&one, "shop", "Mug").await;
    assert_eq!(name(&there).await, "Cup");
    one.command(&["cache", "flush", "--tenant", "shop"]);
    for shop in [&here, &there] {
        assert!(named(shop, "Mug").await < WITHIN);
    }

    let path = format!("/api/products/{}", id(&cup));
    for round in 0..10 {
        let new = format!("Bowl {round}");
        let (writer, reader) = if round % 2 == 0 {
            (&here, &there)
        } else {
            (&there, &here)
        };
        writer.patch(&path, &json!({"name": new})).await.with(200);
        assert_eq!(name(writer).await, new);
        assert!(named(reader, &new).await < WITHIN);
    }
    assert!(one.server.terminate().await.success());
    assert!(other.server.terminate().await.success());
}

#[tokio::test]
async fn without_redis_each_server_goes_on_and_hears_of_changes_through_the_database() {
    let redis = Redis::start().await;
    let [one, other] = two(&redis).await;
    let here = Shop::open(&one, "shop");
    let there = here.at(&other);
    let path = format!("/api/products/{}", id(&here.stocked("Cup", 7).await));
    for shop in [&here, &there] {
        named(shop, "Cup").await;
    }
    redis.kill().await;
    here.patch(&path, &json!({"name": "Mug"})).await.with(200);
    assert_eq!(name(&here).await, "Mug");
    assert!(named(&there, "Mug").await < WITHIN);
    // One that begins without it begins.
    let third = one.beside().await;
    assert_eq!(name(&here.at(&third)).await, "Mug");
    assert!(third.server.stderr().contains("Redis is away"));

    redis.restart().await;
    there.patch(&path, &json!({"name": "Bowl"})).await.with(200);
    for town in [&one, &other, &third] {
        assert!(named(&here.at(town), "Bowl").await < WITHIN);
    }
}

#[tokio::test]
async fn a_redis_that_drops_any_key_is_refused_with_what_mends_it() {
    let redis = Redis::builder().setting("maxmemory-policy", "allkeys-lru");
    let redis = redis.start().await;
    let town = Town::on(Postgres::shared().await, &[]).await;
    let mut settings = town.settings.clone();
    settings.push(("TENANCY_REDIS_URL", redis.url()));
    settings.push(("TENANCY_LISTEN", Server::free_address().to_string()));
    let said = refused(&settings, &["serve"]);
    assert!(said.contains("drops any key"), "{said}");
    assert!(
        said.contains("CONFIG SET maxmemory-policy noeviction"),
        "{said}"
    );
    settings.push(("TENANCY_REDIS_URL", "http://localhost".to_owned()));
    let said = refused(&settings, &["serve"]);
    assert!(
        said.contains("TENANCY_REDIS_URL is no address of a Redis"),
        "{said}"
    );
}
