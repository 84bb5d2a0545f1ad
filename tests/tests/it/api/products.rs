use serde_json::{Value, json};

use super::shop::{Shop, id, product};
use crate::town::Town;

async fn a_product_lives_as_its_keeper_wants(town: Town) {
    let shop = Shop::open(&town, "shop");
    let visitor = shop.called_with(None);
    let made = shop.post("/api/products", &product("Brass lamp", 3)).await;
    let lamp = made.with(201);
    let path = made.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(path, format!("/api/products/{}", id(&lamp)));
    assert_eq!(lamp["slug"], "brass-lamp");
    assert_eq!(
        visitor.get(&path).await.with(200)["variants"][0]["stock"],
        3
    );

    let changes = json!({"featured": true, "vendor": "Lumen", "status": "draft"});
    let changed = shop.patch(&path, &changes).await.with(200);
    assert_eq!(changed["variants"][0]["id"], lamp["variants"][0]["id"]);
    assert_eq!(
        (&changed["vendor"], &changed["name"]),
        (&json!("Lumen"), &json!("Brass lamp"))
    );
    visitor.get(&path).await.with(404);
    assert_eq!(
        visitor.get("/api/products").await.with(200)["data"],
        json!([])
    );
    for (status, count) in [("all", 1), ("draft", 1), ("archived", 0), ("published", 0)] {
        let listed = shop
            .get(&format!("/api/products?status={status}"))
            .await
            .with(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), count, "{status}");
    }

    let whole = shop
        .call("PUT", &path, &[], Some(&product("Tin lamp", 4)))
        .await
        .with(200);
    assert_eq!(
        (&whole["vendor"], &whole["featured"]),
        (&json!(""), &json!(false))
    );
    assert_eq!(whole["variants"][0]["stock"], 4);
    shop.stocked("chair", 1).await;
    let taken = shop.patch(&path, &json!({"slug": "chair"})).await.with(409);
    assert_eq!(taken["code"], "slug_taken");

    let trail = format!("/api/audit?resource=product&resource_id={}", id(&lamp));
    let trail = shop.get(&trail).await.with(200);
    let actions: Vec<_> = trail["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["action"])
        .collect();
    assert_eq!(actions, ["updated", "updated", "created"]);
    assert_eq!(trail["data"][0]["after"]["variants"][0]["stock"], 4);
    assert_eq!(trail["data"][0]["before"]["vendor"], "Lumen");

    let gone = shop.call("DELETE", &path, &[], None).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    shop.call("DELETE", &path, &[], None).await.with(404);
}

async fn what_is_wrong_is_said_by_field(town: Town) {
    let shop = Shop::open(&town, "shop");
    let price = json!({"amount": 100, "currency": "USD"});
    let variant = json!({"price": price});
    for (body, field) in [
        (json!([]), "body"),
        (json!({"variants": [variant]}), "name"),
        (json!({"name": "x", "variants": [{}]}), "variants[0].price"),
        (
            json!({"name": "x", "variants": [{"price": {"amount": 1, "currency": "EUR"}}]}),
            "variants[0].price.currency",
        ),
        (json!({"name": " ", "variants": [variant]}), "name"),
        (json!({"name": "x", "variants": []}), "variants"),
        (
            json!({"name": "x", "variants": [variant], "status": "public"}),
            "status",
        ),
        (
            json!({"name": "x", "variants": [{"price": 3}]}),
            "variants[0].price",
        ),
        (
            json!({"name": "x", "variants": [{"price": {"amount": -1, "currency": "USD"}}]}),
            "variants[0].price",
        ),
        (
            json!({"name": "x", "variants": [{"price": {"amount": 1, "currency": "XYZ"}}]}),
            "variants[0].price.currency",
        ),
        (json!({"name": "!!!", "variants": [variant]}), "slug"),
    ] {
        let problem = shop.post("/api/products", &body).await.with(422);
        let fields: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e["field"])
            .collect();
        assert_eq!(fields, [field], "{body}: {problem}");
    }
    let twice = json!({"name": "", "variants": [{"price": {"amount": -1, "currency": "USD"}}]});
    let problem = shop.post("/api/products", &twice).await.with(422);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    let path = format!("/api/products/{}", id(&shop.stocked("lamp", 1).await));
    let problem = shop.patch(&path, &json!({"colour": "red"})).await.with(422);
    assert_eq!(problem["errors"][0]["field"], "colour");
    for (query, field) in [
        ("limit=x", "limit"),
        ("limit=0", "limit"),
        ("status=new", "status"),
        ("sort=up", "sort"),
        ("limit=1&limit=2", "limit"),
    ] {
        let problem = shop.get(&format!("/api/products?{query}")).await.with(422);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    shop.get("/api/products?q=a%00b").await.with(403);
    for (kind, body, status) in [
        ("application/json", "{\"name\":", 400),
        ("application/json", "", 400),
        ("application/json", "{} {}", 400),
        ("text/plain", "{}", 415),
    ] {
        let said = shop
            .send("/api/products", kind, body.as_bytes().to_vec())
            .await;
        assert_eq!(said.status, status, "{kind} {body}");
        assert_eq!(said.headers["content-type"], "application/problem+json");
    }
    let large = shop
        .send("/api/products", "application/json", vec![b' '; 3 << 20])
        .await;
    large.with(413);
    let problem = shop.call("DELETE", "/api/products", &[], None).await;
    assert_eq!(problem.headers["allow"], "GET,HEAD,POST");
    assert_eq!(problem.with(405)["status"], 405);
    let problem = shop.get("/api/nothing").await;
    assert_eq!(problem.headers["content-type"], "application/problem+json");
    problem.with(404);
}

async fn a_variant_stays_itself_by_its_id(town: Town) {
    let shop = Shop::open(&town, "shop");
    let variant = |amount: i64, stock: i64| json!({"price": {"amount": amount, "currency": "USD"}, "stock": stock});
    let lamp = json!({"name": "lamp", "variants": [variant(1, 10), variant(2, 20)]});
    let lamp = shop.post("/api/products", &lamp).await.with(201);
    let path = format!("/api/products/{}", id(&lamp));
    let put = async |variants: &[&Value]| {
        let body = json!({"name": "lamp", "variants": variants});
        shop.call("PUT", &path, &[], Some(&body)).await
    };
    let (first, second) = (&lamp["variants"][0], &lamp["variants"][1]);
    let turned = put(&[second, first]).await.with(200);
    assert_eq!(turned["variants"], json!([second, first]));
    let alone = put(&[second]).await.with(200);
    assert_eq!(alone["variants"], json!([second]));

    let gone = put(&[second, first]).await.with(422);
    assert_eq!(gone["errors"][0]["field"], "variants[1].id");
    let twice = put(&[second, second]).await.with(422);
    assert_eq!(twice["errors"][0]["field"], "variants[1].id");
    // What says nothing of the stock leaves it as it is.
    let quiet = json!({"variants": [{"price": {"amount": 5, "currency": "USD"}}]});
    let quiet = shop.patch(&path, &quiet).await.with(200);
    assert_eq!(
        (&quiet["variants"][0]["id"], &quiet["variants"][0]["stock"]),
        (&second["id"], &json!(20))
    );
}

async fn what_a_deletion_changes_besides_is_in_the_trail(town: Town) {
    let shop = Shop::open(&town, "shop");
    let mut lamp = product("lamp", 5);
    lamp["categories"] = json!([["Light"], ["Brass"]]);
    let lamp = shop.post("/api/products", &lamp).await.with(201);
    let ada = json!({"email": "ada@example.org"});
    let ada = shop.post("/api/customers", &ada).await.with(201);
    let line = json!({"variant_id": lamp["variants"][0]["id"], "quantity": 1});
    let order = json!({"lines": [line], "customer_id": ada["id"]});
    let order = shop.post("/api/orders", &order).await.with(201);
    for path in [
        format!("/api/categories/{}", id(&lamp["categories"][0])),
        format!("/api/customers/{}", id(&ada)),
    ] {
        shop.call("DELETE", &path, &[], None).await.with(204);
    }
    let last = async |resource: &str, record: &Value| {
        let path = format!("/api/audit?resource={resource}&resource_id={}", id(record));
        shop.get(&path).await.with(200)["data"][0].clone()
    };
    let entry = last("product", &lamp).await;
    assert_eq!(entry["before"]["categories"], lamp["categories"]);
    assert_eq!(entry["after"]["categories"], json!([lamp["categories"][1]]));
    let now = shop
        .get(&format!("/api/products/{}", id(&lamp)))
        .await
        .with(200);
    assert_eq!(now["categories"], entry["after"]["categories"]);
    assert_ne!(now["updated_at"], lamp["updated_at"]);
    let entry = last("order", &order).await;
    assert_eq!(entry["before"]["customer_id"], ada["id"]);
    assert_eq!(entry["after"]["customer_id"], Value::Null);
}

async fn pages_neither_repeat_nor_lose_while_others_write(town: Town) {
    let shop = Shop::open(&town, "shop");
    for number in 0..30 {
        shop.stocked(&format!("old {number:02}"), 1).await;
    }
    for sort in ["newest", "name", "price", "-price"] {
        let mut seen = Vec::<String>::new();
        let mut cursor = String::new();
        loop {
            let page = format!("/api/products?limit=7&sort={sort}{cursor}");
            let page = shop.get(&page).await.with(200);
            let data = page["data"].as_array().unwrap();
            seen.extend(
                data.iter()
                    .map(|one| one["name"].as_str().unwrap().to_owned()),
            );
            let name = format!("new {} {}", sort.replace('-', "down"), seen.len());
            let added = shop.stocked(&name, 1).await;
            if seen.len() > 14 {
                shop.call(
                    "DELETE",
                    &format!("/api/products/{}", id(&added)),
                    &[],
                    None,
                )
                .await;
            }
            match &page["next_cursor"] {
                Value::String(next) => cursor = format!("&cursor={next}"),
                _ => break,
            }
        }
        let mut old: Vec<_> = seen.iter().filter(|name| name.starts_with("old")).collect();
        assert_eq!(old.len(), 30, "{sort}: {seen:?}");
        old.sort();
        old.dedup();
        assert_eq!(old.len(), 30, "{sort}");
    }
    let page = shop.get("/api/products?limit=1000").await.with(200);
    assert!(page["data"].as_array().unwrap().len() > 30);
    let first = shop.get("/api/products?limit=2").await.with(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    // A cursor belongs to its filters and its order.
    for other in ["q=old", "sort=name", "featured=true", "status=all"] {
        shop.get(&format!("/api/products?{other}&cursor={cursor}"))
            .await
            .with(400);
    }
}

super::on_both!(
    a_product_lives_as_its_keeper_wants,
    a_variant_stays_itself_by_its_id,
    pages_neither_repeat_nor_lose_while_others_write,
    what_a_deletion_changes_besides_is_in_the_trail,
    what_is_wrong_is_said_by_field,
);
