use sqlx::{Connection as _, PgConnection};
use tenancy_commerce::ErrorKind;
use tenancy_commerce::catalog::{
    Catalog as _, CategoryDraft, CategoryNode, CategoryPath, ProductDraft, Put, SqlCatalog,
    VariantId,
};
use tenancy_commerce::fixtures;
use tenancy_commerce::order::{NewOrder, Order, Orders as _};
use tenancy_commerce::{Error, Patch};
use tokio::task::JoinSet;

use super::shop::Shops;

async fn variant(shops: &Shops, name: &str, stock: i64) -> VariantId {
    let draft = fixtures::product(name, Some(stock));
    let product = shops.catalog.insert(&shops.a, &draft).await.unwrap();
    product.variants[0].id
}

async fn left(shops: &Shops, slug: &str) -> Option<i64> {
    let slug = slug.parse().unwrap();
    let product = shops.catalog.find_by_slug(&shops.a, &slug).await.unwrap();
    product.variants[0].stock
}

async fn place_at_once(
    shops: &Shops,
    carts: impl Iterator<Item = NewOrder>,
) -> (Vec<Order>, Vec<Error>) {
    let mut tasks = JoinSet::new();
    for cart in carts {
        let (orders, scope) = (shops.orders.clone(), shops.a.clone());
        tasks.spawn(async move { orders.place(&scope, &cart).await });
    }
    let (mut placed, mut refused) = (Vec::new(), Vec::new());
    for outcome in tasks.join_all().await {
        match outcome {
            Ok(order) => placed.push(order),
            Err(error) => refused.push(error),
        }
    }
    (placed, refused)
}

async fn sells_what_there_is(shops: Shops) {
    let mut numbers = Vec::new();
    for round in 0..50 {
        let name = format!("race-{round}");
        let id = variant(&shops, &name, 10).await;
        let carts = (0..100).map(|_| fixtures::order(id, 1));
        let (placed, refused) = place_at_once(&shops, carts).await;
        assert_eq!((placed.len(), refused.len()), (10, 90));
        for error in refused {
            let ErrorKind::OutOfStock(shortages) = error.kind() else {
                panic!("{error:?}");
            };
            assert_eq!((shortages[0].variant_id, shortages[0].available), (id, 0));
        }
        assert_eq!(left(&shops, &name).await, Some(0));
        numbers.extend(placed.iter().map(|order| order.number));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=500).collect::<Vec<_>>());
}

async fn gives_nobody_a_part(shops: Shops) {
    let id = variant(&shops, "three", 10).await;
    let carts = (0..50).map(|_| fixtures::order(id, 3));
    let (placed, refused) = place_at_once(&shops, carts).await;
    assert_eq!((placed.len(), refused.len()), (3, 47));
    assert_eq!(left(&shops, "three").await, Some(1));
}

async fn locks_in_one_order(shops: Shops) {
    let first = variant(&shops, "first", 1_000).await;
    let second = variant(&shops, "second", 1_000).await;
    let carts = (0..100).map(|number| {
        NewOrder::new(if number % 2 == 0 {
            [(first, 1), (second, 1)]
        } else {
            [(second, 1), (first, 1)]
        })
    });
    let (placed, refused) = place_at_once(&shops, carts).await;
    assert_eq!(placed.len(), 100, "{refused:?}");
    assert_eq!(left(&shops, "first").await, Some(900));
    assert_eq!(left(&shops, "second").await, Some(900));
}

async fn moves_make_no_circle(shops: Shops) {
    for round in 0..5 {
        let one = CategoryDraft::new(format!("one {round}"));
        let one = shops.catalog.insert_category(&shops.a, &one).await.unwrap();
        let two = CategoryDraft::new(format!("two {round}"));
        let two = shops.catalog.insert_category(&shops.a, &two).await.unwrap();
        let below = |parent| Patch::default().set("parent_id", parent);
        let (below_two, below_one) = (below(two.id), below(one.id));
        let (first, second) = tokio::join!(
            shops.catalog.patch_category(&shops.a, one.id, &below_two),
            shops.catalog.patch_category(&shops.a, two.id, &below_one),
        );
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    }
    let categories = shops.catalog.categories(&shops.a).await.unwrap();
    assert_eq!(CategoryNode::forest(categories).len(), 5);
}

async fn a_change_loses_no_sale(shops: Shops) {
    let id = variant(&shops, "busy", 1_000).await;
    let slug = "busy".parse().unwrap();
    let product = shops.catalog.find_by_slug(&shops.a, &slug).await.unwrap();
    let change = async {
        for number in 0..20 {
            let patch = Patch::default().set("vendor", format!("Vendor {number}"));
            let patched = shops.catalog.patch(&shops.a, product.id, &patch).await;
            assert_eq!(patched.unwrap().vendor, format!("Vendor {number}"));
        }
    };
    let carts = (0..50).map(|_| fixtures::order(id, 1));
    let (((placed, _), ()), cancelled) = (tokio::join!(place_at_once(&shops, carts), change), 10);
    assert_eq!(placed.len(), 50);
    for order in &placed[..cancelled] {
        shops.orders.cancel(&shops.a, order.id).await.unwrap();
    }
    assert_eq!(left(&shops, "busy").await, Some(960));
}

/// Products are deleted, move elsewhere or into one category more, while the one they are in goes.
async fn a_category_goes_while_its_products_change(shops: Shops) {
    for round in 0..5 {
        let old = CategoryPath(vec![format!("Old {round}")]);
        let mut products = Vec::new();
        for number in 0..12 {
            let mut fields = fixtures::product_fields(&format!("moves-{round}-{number}"), None);
            fields.categories = vec![old.clone()];
            let draft = ProductDraft::new(fields).unwrap();
            products.push(shops.catalog.insert(&shops.a, &draft).await.unwrap());
        }
        let category = products[0].categories[0].id;
        let mut changes = JoinSet::new();
        for (number, product) in products.into_iter().enumerate() {
            let (catalog, scope) = (shops.catalog.clone(), shops.a.clone());
            let new = CategoryPath(vec![format!("New {round} {number}")]);
            let places = match number % 3 {
                0 => Vec::new(),
                1 => vec![new],
                _ => vec![old.clone(), new],
            };
            changes.spawn(async move {
                if places.is_empty() {
                    return catalog.delete(&scope, product.id).await;
                }
                let patch = Patch::default().set("categories", &places);
                let after = catalog.patch(&scope, product.id, &patch).await?;
                let found: Vec<_> = after.categories.into_iter().map(|one| one.path).collect();
                assert_eq!(found, places);
                Ok(())
            });
        }
        let (deleted, changed) = tokio::join!(
            shops.catalog.delete_category(&shops.a, category),
            changes.join_all()
        );
        deleted.unwrap();
        for outcome in changed {
            outcome.unwrap();
        }
        let found = shops.catalog.find_category(&shops.a, category).await;
        assert_eq!(*found.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn an_import_makes_a_category_again_that_goes_meanwhile() {
    const WAITS: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN \
         (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    let shops = Shops::postgres().await;
    let url = shops.postgres_database().superuser_url();
    let mut observer = PgConnection::connect(&url).await.unwrap();
    let mut fields = fixtures::product_fields("joins", None);
    let places = vec![CategoryPath(vec!["Going".to_owned()])];
    fields.categories.clone_from(&places);
    let draft = CategoryDraft::new("Going");
    let category = shops.catalog.insert_category(&shops.a, &draft).await;
    let mut tx = shops.database.write(&shops.a).await.unwrap();
    SqlCatalog::delete_category_in(&mut tx, category.unwrap().id)
        .await
        .unwrap();
    let import = tokio::spawn({
        let (catalog, scope) = (shops.catalog.clone(), shops.a.clone());
        let draft = ProductDraft::new(fields).unwrap();
        async move { catalog.put_draft(&scope, &draft).await }
    });
    let mut waits = 0_i64;
    while waits == 0 {
        tokio::task::yield_now().await;
        let count = sqlx::query_scalar(WAITS);
        waits = count.fetch_one(&mut observer).await.unwrap();
    }
    tx.commit().await.unwrap();
    let Put::Created(product) = import.await.unwrap().unwrap() else {
        panic!("there was no such product");
    };
    let found: Vec<_> = product.categories.into_iter().map(|one| one.path).collect();
    assert_eq!(found, places);
}

on_both!(
    a_category_goes_while_its_products_change,
    a_change_loses_no_sale,
    gives_nobody_a_part,
    locks_in_one_order,
    moves_make_no_circle,
    sells_what_there_is
);
