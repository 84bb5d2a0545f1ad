//! Why an answer comes from memory, as an operator asks the running server.

use serde_json::{Value, json};

use super::shop::{Shop, id};
use crate::town::Town;

const NOBODYS: &str = "/api/products/01890000-0000-7000-8000-000000000000";

fn why(town: &Town, shop: &str, what: &[&str]) -> Value {
    town.command(&[&["cache", "why", "--tenant", shop], what].concat())
}

fn verdict(town: &Town, shop: &str, what: &[&str]) -> String {
    why(town, shop, what)["verdict"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn a_running_server_says_why_it_serves_an_entry(town: Town) {
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    let cup = shop.stocked("Cup", 7).await;
    let category = shop.post("/api/categories", &json!({"name": "Cups"})).await;
    let category = category.with(201);
    let anyone = shop.called_with(None);
    let list = "/api/products?limit=5&in_stock=true";
    let one = format!("/api/products/{}", id(&cup));
    let paths = [
        (list, "product_lists"),
        (&one, "products"),
        ("/api/categories", "categories"),
        (&format!("/api/categories/{}", id(&category)), "categories"),
    ];
    for (path, class) in paths {
        assert_eq!(verdict(&town, "shop", &[path]), "missing", "{path}");
        let said = anyone.get(path).await;
        said.with(200);
        let reason = why(&town, "shop", &[path]);
        assert_eq!(reason["verdict"], "fresh", "{path}: {reason}");
        assert_eq!(
            (&reason["class"], &reason["loading"]),
            (&class.into(), &false.into())
        );
        let entry = &reason["entry"];
        assert!(entry["age_seconds"].as_f64().unwrap() < 60.0, "{reason}");
        assert!(
            entry["fresh_for_seconds"].as_f64().unwrap() > 60.0,
            "{reason}"
        );
        assert_eq!(
            (&entry["absence"], &entry["flushed"]),
            (&false.into(), &Value::Array(vec![]))
        );
        assert_eq!(verdict(&town, "other", &[path]), "missing", "{path}");
    }
    assert_eq!(
        verdict(&town, "shop", &["/api/products?limit=6"]),
        "missing"
    );
    let found = ["--class", "products", "id", &id(&cup)];
    assert_eq!(
        why(&town, "shop", &found)["key"],
        format!("id/{}", id(&cup))
    );
    assert_eq!(verdict(&town, "shop", &found), "fresh");
    assert_eq!(verdict(&town, "other", &found), "missing");

    shop.patch(&one, &json!({"name": "Mug"})).await.with(200);
    for path in [list, &one] {
        let reason = why(&town, "shop", &[path]);
        assert_eq!(reason["verdict"], "flushed", "{path}");
        let flushed = reason["entry"]["flushed"].to_string();
        assert!(flushed.contains("product"), "{flushed}");
    }
    assert_eq!(verdict(&town, "shop", &["/api/categories"]), "fresh");

    assert_eq!(other.called_with(None).get(NOBODYS).await.status, 404);
    let reason = why(&town, "other", &[NOBODYS]);
    assert_eq!(
        (&reason["verdict"], &reason["entry"]["absence"]),
        (&"fresh".into(), &true.into())
    );
    let search = why(&town, "shop", &["/api/products?q=cup"]);
    assert_eq!(
        (&search["verdict"], &search["class"]),
        (&"passes_through".into(), &Value::Null)
    );

    let check = |what: &[&str], sentence: &str| {
        let said = town.fails(&[&["cache", "why"], what].concat());
        assert!(said.contains(sentence), "{what:?}: {said}");
    };
    check(
        &["--tenant", "nobody", list],
        "no tenant has the slug nobody",
    );
    check(
        &["--tenant", "shop", "/api/orders"],
        "/api/orders is not read from the catalogue",
    );
    check(
        &["--tenant", "shop", "/api/products?limit=0"],
        "the shop answers 422",
    );
    check(&["--tenant", "shop", "products", "id"], "give one address");
    check(
        &["--tenant", "shop", "--class", "mugs", "id"],
        "possible values: product_lists",
    );
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn a_server_without_its_cache_says_so() {
    let postgres = tenancy_tests::Postgres::shared().await;
    let town = Town::on(postgres, &[("TENANCY_CACHE__ENABLED", "false")]).await;
    Shop::open(&town, "shop");
    let said = town.fails(&["cache", "why", "--tenant", "shop", "/api/products"]);
    assert!(said.contains("cache.enabled is false"), "{said}");
}

super::on_both!(a_running_server_says_why_it_serves_an_entry);
