use serde_json::{Value, json};

use super::shop::Shop;
use crate::town::Town;

async fn the_trail_is_told_newest_first_and_fifty_at_a_time(town: Town) {
    let shop = Shop::open(&town, "shop");
    for number in 0..51 {
        let category = json!({"name": format!("Shelf {number}")});
        shop.post("/api/categories", &category).await.with(201);
    }
    let page = async |more: &str| -> (Vec<String>, Value) {
        let path = format!("/api/audit?resource=category{more}");
        let page = shop.get(&path).await.with(200);
        let entries = page["data"].as_array().unwrap();
        let name = |entry: &Value| {
            assert_eq!(entry["actor"]["name"], "owner");
            entry["after"]["name"].as_str().unwrap().to_owned()
        };
        let names = entries.iter().map(name).collect();
        (names, page["next_cursor"].clone())
    };
    let (names, next) = page("").await;
    let newest: Vec<_> = (1..51).rev().map(|n| format!("Shelf {n}")).collect();
    assert_eq!(names, newest);
    let (names, next) = page(&format!("&cursor={}", next.as_str().unwrap())).await;
    assert_eq!((names, next), (vec!["Shelf 0".to_owned()], Value::Null));
    assert_eq!(page("&limit=3").await.0, newest[..3]);
}

super::on_both!(the_trail_is_told_newest_first_and_fifty_at_a_time);
