use serde_json::{Value, json};

use super::shop::{Said, Shop, id, png, product};
use crate::town::Town;

/// A record of each kind in one shop: by the first part of its address.
async fn fill(shop: &Shop) -> Vec<(&'static str, String)> {
    let category = json!({"name": "Things"});
    let category = shop.post("/api/categories", &category).await.with(201);
    let customer = json!({"email": "ada@example.org"});
    let customer = shop.post("/api/customers", &customer).await.with(201);
    let mut orders = vec![];
    let mut products = vec![];
    for name in ["one", "two"] {
        let product = shop.stocked(name, 10).await;
        let line = json!({"variant_id": product["variants"][0]["id"], "quantity": 1});
        let order = json!({"lines": [line], "customer_id": customer["id"]});
        orders.push(shop.post("/api/orders", &order).await.with(201));
        products.push(product);
    }
    let category_two = json!({"name": "More"});
    shop.post("/api/categories", &category_two).await.with(201);
    let customer_two = json!({"email": "bea@example.org"});
    shop.post("/api/customers", &customer_two).await.with(201);
    let picture = ("a.png", "image/png");
    let media = shop.upload(&[], &[], picture, &png(1)).await.with(201);
    let media_two = shop.upload(&[], &[], picture, &png(2)).await;
    media_two.with(201);
    vec![
        ("media", id(&media)),
        ("products", id(&products[0])),
        ("categories", id(&category)),
        ("customers", id(&customer)),
        ("orders", id(&orders[0])),
        ("inventory", id(&products[0]["variants"][0])),
    ]
}

/// A body that each operation accepts.
fn body(method: &str, path: &str) -> Option<Value> {
    let whole = match path.split('/').nth(2).unwrap() {
        "products" => product("changed", 3),
        "categories" => json!({"name": "Changed"}),
        "customers" => json!({"email": "changed@example.org"}),
        "orders" if path.ends_with("transitions") => json!({"to": "cancelled"}),
        "inventory" if path.ends_with("adjustments") => json!({"quantity": 1}),
        "inventory" => json!({"on_hand": 7}),
        "login" => json!({"email": "ada@example.org", "password": "a guess"}),
        _ => json!({"lines": []}),
    };
    match method {
        "patch" => Some(json!({})),
        "post" | "put" => Some(whole),
        _ => None,
    }
}

/// Every operation that the server describes.
async fn operations(shop: &Shop) -> Vec<(String, String)> {
    let described = shop.get("/openapi.json").await.with(200);
    let paths = described["paths"].as_object().unwrap();
    let operations: Vec<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.clone(), path.clone()))
        })
        .collect();
    assert!(operations.len() >= 34, "{operations:?}");
    operations
}

async fn a_foreign_id_is_answered_like_one_that_never_was(town: Town) {
    let (ours, theirs) = (Shop::open(&town, "ours"), Shop::open(&town, "theirs"));
    fill(&ours).await;
    let foreign = fill(&theirs).await;
    let before = theirs.get("/api/audit?limit=250").await;
    let never = "01890a5d-ac96-774b-bcce-b302099a8057";
    let mut tried = 0;
    for (method, path) in operations(&ours).await {
        if !path.contains("{id}") {
            continue;
        }
        let kind = path.split('/').nth(2).unwrap();
        let (_, foreign) = foreign.iter().find(|(known, _)| *known == kind).unwrap();
        let body = body(&method, &path);
        let method = method.to_uppercase();
        let call = async |id: &str| {
            let path = path.replace("{id}", id);
            ours.call(&method, &path, &[], body.as_ref()).await
        };
        let unknown = call(never).await;
        assert_eq!(call(foreign).await, unknown, "{method} {path}");
        assert_eq!(unknown.status, 404, "{method} {path}");
        tried += 1;
    }
    assert!(tried >= 19, "{tried}");
    assert_eq!(theirs.get("/api/audit?limit=250").await, before);
    // The ids are real: their own shop knows them.
    for (kind, id) in foreign {
        theirs.get(&format!("/api/{kind}/{id}")).await.with(200);
    }
}

async fn a_foreign_id_inside_a_request_is_answered_like_one_that_never_was(town: Town) {
    let (ours, theirs) = (Shop::open(&town, "ours"), Shop::open(&town, "theirs"));
    let our_variant = ours.stocked("lamp", 5).await["variants"][0]["id"].clone();
    let foreign = fill(&theirs).await;
    let foreign = |kind| json!(foreign.iter().find(|(known, _)| *known == kind).unwrap().1);
    let never = json!("01890a5d-ac96-774b-bcce-b302099a8057");
    let line = |variant: &Value| json!({"variant_id": variant, "quantity": 1});
    let order = |variant: &Value| json!({"lines": [line(variant)]});
    let bought_by =
        |customer: &Value| json!({"lines": [line(&our_variant)], "customer_id": customer});
    let below = |category: &Value| json!({"name": "Below", "parent_id": category});
    for (path, foreign, unknown) in [
        ("/api/orders", order(&foreign("inventory")), order(&never)),
        (
            "/api/orders",
            bought_by(&foreign("customers")),
            bought_by(&never),
        ),
        (
            "/api/categories",
            below(&foreign("categories")),
            below(&never),
        ),
    ] {
        let unknown = ours.post(path, &unknown).await;
        assert_eq!(ours.post(path, &foreign).await, unknown, "{path} {foreign}");
        assert!(matches!(unknown.status, 404 | 422), "{unknown:?}");
    }
    for (list, foreign) in [
        ("/api/products?category=", foreign("categories")),
        ("/api/orders?customer_id=", foreign("customers")),
        ("/api/inventory?product_id=", foreign("products")),
        (
            "/api/audit?resource=product&resource_id=",
            foreign("products"),
        ),
    ] {
        let ask = async |id: &Value| ours.get(&format!("{list}{}", id.as_str().unwrap())).await;
        let unknown = ask(&never).await;
        assert_eq!(ask(&foreign).await, unknown, "{list}");
        assert_eq!(unknown.with(200)["data"], json!([]));
    }
}

async fn a_foreign_cursor_is_answered_like_a_forged_one(town: Town) {
    let (ours, theirs) = (Shop::open(&town, "ours"), Shop::open(&town, "theirs"));
    fill(&ours).await;
    fill(&theirs).await;
    let mut tried = 0;
    for (method, path) in operations(&ours).await {
        // What is no list has no pages.
        let is_list = !path.contains("{id}") && !path.starts_with("/api/reports/");
        if method != "get" || !is_list || path == "/api/me" {
            continue;
        }
        let page = async |shop: &Shop, cursor: &str| -> Said {
            shop.get(&format!("{path}?limit=1&cursor={cursor}")).await
        };
        let first = theirs.get(&format!("{path}?limit=1")).await.with(200);
        let cursor = first["next_cursor"].as_str().unwrap_or_else(|| {
            panic!("{path} has no second page");
        });
        let second = page(&theirs, cursor).await.with(200);
        assert_ne!(second["data"], first["data"], "{path}");
        let forged = page(&ours, &format!("{}AA", &cursor[..cursor.len() - 2])).await;
        assert_eq!(forged.status, 400);
        assert_eq!(page(&ours, cursor).await, forged, "{path}");
        assert_eq!(page(&ours, "never-was").await, forged, "{path}");
        tried += 1;
    }
    assert_eq!(tried, 7);
}

async fn a_foreign_key_opens_nothing(town: Town) {
    let (ours, theirs) = (Shop::open(&town, "ours"), Shop::open(&town, "theirs"));
    let records = fill(&ours).await;
    let before = ours.get("/api/audit?limit=250").await;
    let with_foreign = ours.called_with(theirs.key.as_deref());
    let with_none = ours.called_with(None);
    for (method, path) in operations(&ours).await {
        let kind = path.split('/').nth(2).unwrap();
        let record = records.iter().find(|(known, _)| *known == kind);
        let address = path.replace("{id}", record.map_or("", |(_, id)| id));
        let body = body(&method, &path);
        let method = method.to_uppercase();
        let said = with_foreign
            .call(&method, &address, &[], body.as_ref())
            .await;
        assert_eq!(said.status, 401, "{method} {path}");
        let expected = match (&*method, kind) {
            ("GET", "products" | "categories") => 200,
            (_, "logout") => 204, // nothing is left to be signed out of
            _ => 401,
        };
        let said = with_none.call(&method, &address, &[], body.as_ref()).await;
        assert_eq!(said.status, expected, "{method} {path}");
    }
    assert_eq!(ours.get("/api/audit?limit=250").await, before);
    with_none.get("/api/products?status=all").await.with(401);
}

super::on_both!(
    a_foreign_cursor_is_answered_like_a_forged_one,
    a_foreign_id_inside_a_request_is_answered_like_one_that_never_was,
    a_foreign_id_is_answered_like_one_that_never_was,
    a_foreign_key_opens_nothing,
);
