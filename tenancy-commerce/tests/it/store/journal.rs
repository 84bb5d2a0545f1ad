use serde_json::{Value, json};
use tenancy_commerce::catalog::{Catalog as _, Put, SqlCatalog};
use tenancy_commerce::order::{Orders as _, SqlOrders};
use tenancy_commerce::{ProductPatch, fixtures};
use tenancy_core::journal::{Entry, EntryQuery};

use super::shop::Shops;

/// The trail, oldest first.
async fn trail(shops: &Shops) -> Vec<Entry> {
    let mut tx = shops.database.read(&shops.a).await.unwrap();
    let query = EntryQuery::default();
    let mut entries = Entry::trail(&mut tx, &query).await.unwrap().entries;
    tx.commit().await.unwrap();
    entries.reverse();
    entries
}

fn at<'a>(picture: &'a Option<Value>, pointer: &str) -> Option<&'a Value> {
    picture
        .as_ref()
        .and_then(|picture| picture.pointer(pointer))
}

async fn shows_before_and_after(shops: Shops) {
    let draft = fixtures::product("Journaled", Some(5));
    let product = shops.catalog.insert(&shops.a, &draft).await.unwrap();
    let patch = ProductPatch::default().set("name", "Renamed");
    shops
        .catalog
        .patch(&shops.a, product.id, &patch)
        .await
        .unwrap();
    let order = fixtures::order(product.variants[0].id, 2);
    let order = shops.orders.place(&shops.a, &order).await.unwrap();
    shops.orders.cancel(&shops.a, order.id).await.unwrap();
    shops.catalog.delete(&shops.a, product.id).await.unwrap();

    let trail = trail(&shops).await;
    let told: Vec<_> = trail
        .iter()
        .map(|entry| (&*entry.resource, &*entry.action))
        .collect();
    let expected = [
        ("product", "created"),
        ("product", "updated"),
        ("stock", "updated"),
        ("order", "placed"),
        ("stock", "updated"),
        ("order", "cancelled"),
        ("product", "deleted"),
    ];
    assert_eq!(told, expected);
    let changed = |index: usize, pointer: &str| {
        let Entry { before, after, .. } = &trail[index];
        (
            at(before, pointer).cloned().unwrap_or_default(),
            at(after, pointer).cloned().unwrap_or_default(),
        )
    };
    assert_eq!(changed(0, "/variants/0/stock"), (Value::Null, json!(5)));
    assert_eq!(changed(1, "/name"), (json!("Journaled"), json!("Renamed")));
    assert_eq!(changed(1, "/variants/0/stock"), (json!(5), json!(5)));
    assert_eq!(changed(2, "/on_hand"), (json!(5), json!(3)));
    let total = json!({"amount": 2_000, "currency": "USD"});
    assert_eq!(changed(3, "/total"), (Value::Null, total));
    assert_eq!(changed(4, "/on_hand"), (json!(3), json!(5)));
    assert_eq!(changed(5, "/status"), (json!("placed"), json!("cancelled")));
    assert_eq!(changed(6, "/name"), (json!("Renamed"), Value::Null));
    assert_eq!(at(&trail[0].after, "/tenant_id"), None);
}

async fn is_silent_when_nothing_changes(shops: Shops) {
    let draft = fixtures::product("Silent", Some(5));
    shops.catalog.put_draft(&shops.a, &draft).await.unwrap();
    for _ in 0..3 {
        let put = shops.catalog.put_draft(&shops.a, &draft).await.unwrap();
        assert!(matches!(put, Put::Unchanged(_)), "{put:?}");
    }
    let scarce = shops
        .catalog
        .find_by_slug(&shops.a, &draft.slug)
        .await
        .unwrap();
    let order = fixtures::order(scarce.variants[0].id, 6);
    shops.orders.place(&shops.a, &order).await.unwrap_err();
    assert_eq!(trail(&shops).await.len(), 1);
}

async fn composes_into_one_transaction(shops: Shops) {
    let mut tx = shops.database.write(&shops.a).await.unwrap();
    let draft = fixtures::product("Composed", Some(5));
    let product = SqlCatalog::insert_in(&mut tx, &draft).await.unwrap();
    let order = fixtures::order(product.variants[0].id, 2);
    SqlOrders::place_in(&mut tx, &order).await.unwrap();
    tx.roll_back().await.unwrap();
    shops.catalog.find(&shops.a, product.id).await.unwrap_err();
    assert_eq!(trail(&shops).await, []);
    // A number that was rolled back is given again.
    let product = shops.catalog.insert(&shops.a, &draft).await.unwrap();
    let order = fixtures::order(product.variants[0].id, 2);
    assert_eq!(
        shops.orders.place(&shops.a, &order).await.unwrap().number,
        1
    );
}

on_both!(
    composes_into_one_transaction,
    is_silent_when_nothing_changes,
    shows_before_and_after
);
