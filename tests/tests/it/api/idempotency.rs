use serde_json::{Value, json};

use super::shop::{Said, Shop, product};
use crate::town::Town;

async fn with_key(shop: &Shop, body: &Value) -> Said {
    let headers = [("idempotency-key", "k-1")];
    shop.call("POST", "/api/products", &headers, Some(body))
        .await
}

async fn a_key_makes_a_change_happen_once(town: Town) {
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    let lamp = product("lamp", 3);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (shop, lamp) = (shop.clone(), lamp.clone());
        tasks.spawn(async move { with_key(&shop, &lamp).await });
    }
    let mut said = tasks.join_all().await;
    // While the first is being worked on the others are told so; afterwards they get its answer.
    said.retain(|said| said.status != 409);
    let again = with_key(&shop, &lamp).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    for said in said {
        assert_eq!((said.status, &said.body), (201, &again.body));
        assert_eq!(said.headers["location"], again.headers["location"]);
    }
    let all = shop.get("/api/products").await.with(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let trail = shop.get("/api/audit?resource=product").await.with(200);
    assert_eq!(trail["data"].as_array().unwrap().len(), 1);

    with_key(&shop, &product("chair", 3)).await.with(422);
    // The same key is another one in another shop.
    assert_eq!(with_key(&other, &lamp).await.status, 201);
    let keys = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let two = shop.call("POST", "/api/products", &keys, Some(&lamp)).await;
    two.with(400);
    let empty = [("idempotency-key", "")];
    let empty = shop
        .call("POST", "/api/products", &empty, Some(&lamp))
        .await;
    empty.with(400);
}

async fn a_refused_change_leaves_its_key_free(town: Town) {
    let shop = Shop::open(&town, "shop");
    let variant = shop.stocked("lamp", 1).await["variants"][0]["id"].clone();
    let order = json!({"lines": [{"variant_id": variant, "quantity": 2}]});
    let place = async || {
        let headers = [("idempotency-key", "order-1")];
        shop.call("POST", "/api/orders", &headers, Some(&order))
            .await
    };
    let refused = place().await.with(409);
    assert_eq!(refused["code"], "insufficient_stock");
    let path = format!("/api/inventory/{}/adjustments", variant.as_str().unwrap());
    shop.post(&path, &json!({"quantity": 1})).await.with(200);
    place().await.with(201);
    assert_eq!(place().await.headers["idempotent-replayed"], "true");
    let orders = shop.get("/api/orders").await.with(200);
    assert_eq!(orders["data"].as_array().unwrap().len(), 1);
}

super::on_both!(
    a_key_makes_a_change_happen_once,
    a_refused_change_leaves_its_key_free,
);
