use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::shop::{Shop, id};
use crate::town::Town;

async fn a_hundred_buyers_get_the_ten_there_are(town: Town) {
    let shop = Shop::open(&town, "shop");
    let product = shop.stocked("lamp", 10).await;
    let line = json!({"variant_id": product["variants"][0]["id"], "quantity": 1});
    let order = json!({"lines": [line]});
    let mut buyers = JoinSet::new();
    for _ in 0..100 {
        let (shop, order) = (shop.clone(), order.clone());
        buyers.spawn(async move { shop.post("/api/orders", &order).await });
    }
    let said = buyers.join_all().await;
    let sold = said.iter().filter(|said| said.status == 201).count();
    assert_eq!(sold, 10);
    for refused in said.iter().filter(|said| said.status != 201) {
        let problem = refused.with(409);
        assert_eq!(problem["code"], "insufficient_stock");
        assert_eq!(problem["shortages"][0]["available"], 0);
    }
    let left = shop.get(&format!("/api/products/{}", id(&product))).await;
    assert_eq!(left.with(200)["variants"][0]["stock"], 0);
}

async fn what_is_not_published_is_not_sold(town: Town) {
    let shop = Shop::open(&town, "shop");
    let product = shop.stocked("lamp", 5).await;
    let variant = &product["variants"][0]["id"];
    let order = json!({"lines": [{"variant_id": variant, "quantity": 2}]});
    let path = format!("/api/products/{}", id(&product));
    for status in ["draft", "archived"] {
        shop.patch(&path, &json!({"status": status}))
            .await
            .with(200);
        let problem = shop.post("/api/orders", &order).await.with(422);
        assert_eq!(problem["code"], "not_for_sale");
        assert_eq!(problem["variants"], json!([variant]));
    }
    shop.patch(&path, &json!({"status": "published"}))
        .await
        .with(200);
    shop.post("/api/orders", &order).await.with(201);
}

async fn what_is_on_hand_is_said_or_not_counted(town: Town) {
    let shop = Shop::open(&town, "shop");
    let product = shop.stocked("lamp", 5).await;
    let path = format!("/api/inventory/{}", id(&product["variants"][0]));
    let put = async |body: &Value| shop.call("PUT", &path, &[], Some(body)).await;
    let silent = put(&json!({})).await.with(422);
    assert_eq!(silent["errors"][0]["field"], "on_hand");
    assert_eq!(shop.get(&path).await.with(200)["on_hand"], 5);
    let uncounted = put(&json!({"on_hand": null})).await.with(200);
    assert_eq!(uncounted["on_hand"], Value::Null);
}

async fn an_order_is_cancelled_once(town: Town) {
    let shop = Shop::open(&town, "shop");
    let product = shop.stocked("lamp", 5).await;
    let variant = id(&product["variants"][0]);
    let order = json!({"lines": [{"variant_id": variant, "quantity": 2}]});
    let order = shop.post("/api/orders", &order).await.with(201);
    assert_eq!(order["total"], json!({"amount": 6824, "currency": "USD"}));
    let path = format!("/api/orders/{}/transitions", id(&order));
    let cancel = json!({"to": "cancelled"});
    assert_eq!(
        shop.post(&path, &cancel).await.with(200)["status"],
        "cancelled"
    );
    assert_eq!(
        shop.post(&path, &cancel).await.with(409)["code"],
        "already_cancelled"
    );
    let unknown = shop.post(&path, &json!({"to": "shipped"})).await.with(422);
    assert_eq!(unknown["errors"][0]["field"], "to");
    let level = shop
        .get(&format!("/api/inventory/{variant}"))
        .await
        .with(200);
    assert_eq!(level["on_hand"], 5);

    let trail = shop.get("/api/audit?resource=order").await.with(200);
    let entries = trail["data"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["cancelled", "placed"]);
    let actor = &entries[0]["actor"];
    assert_eq!(
        (&actor["kind"], &actor["name"]),
        (&json!("key"), &json!("owner"))
    );
    assert_eq!(entries[0]["resource_id"], order["id"]);
    assert_eq!(entries[0]["before"]["status"], "placed");
    assert_eq!(entries[1]["before"], Value::Null);
    let by = format!("/api/audit?actor={}", id(actor));
    assert!(
        shop.get(&by).await.with(200)["data"]
            .as_array()
            .unwrap()
            .len()
            >= 4
    );
}

super::on_both!(
    a_hundred_buyers_get_the_ten_there_are,
    an_order_is_cancelled_once,
    what_is_not_published_is_not_sold,
    what_is_on_hand_is_said_or_not_counted,
);
