use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::shop::Shop;
use crate::town::Town;

async fn a_key_opens_its_shop_until_it_is_revoked(town: Town) {
    let shop = Shop::open(&town, "shop");
    let made = town.command(&["key", "create", "--tenant", "shop", "--name", "till"]);
    let secret = made["api_key"].as_str().unwrap();
    let till = shop.called_with(Some(secret));
    let category = json!({"name": "Cups"});
    till.post("/api/categories", &category).await.with(201);
    let trail = shop.get("/api/audit").await.with(200);
    let actor = json!({"kind": "key", "id": made["id"], "name": "till"});
    assert_eq!(trail["data"][0]["actor"], actor);

    let revoked = || {
        let keys = town.command(&["key", "list", "--tenant", "shop"]);
        assert!(!keys.to_string().contains(secret), "{keys}");
        let keys = keys["data"].as_array().unwrap().clone();
        let told = |key: &Value| (key["name"].clone(), !key["revoked_at"].is_null());
        let mut told: Vec<_> = keys.iter().map(told).collect();
        told.sort_by_key(|(name, _)| name.to_string());
        told
    };
    assert_eq!(revoked(), [(json!("owner"), false), (json!("till"), false)]);
    let id = made["id"].as_str().unwrap();
    town.command(&["key", "revoke", "--tenant", "shop", id]);
    let since = Instant::now();
    while till.get("/api/orders").await.status != 401 {
        assert!(since.elapsed() < Duration::from_millis(1_100));
    }
    assert_eq!(revoked(), [(json!("owner"), false), (json!("till"), true)]);
    // Not even for what nobody needs a key for, and the other key is as good as before.
    till.get("/api/products").await.with(401);
    till.post("/api/categories", &category).await.with(401);
    shop.get("/api/orders").await.with(200);
}

super::on_both!(a_key_opens_its_shop_until_it_is_revoked);
