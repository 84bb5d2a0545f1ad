//! Every statement in the source, and every combination of the fragments that lists are made of.

use std::path::Path;

use tenancy_commerce::catalog::{
    Catalog as _, CategoryPath, CategoryRef, ImageDraft, Product, ProductDraft, ProductQuery,
    ProductStatus, Sort,
};
use tenancy_commerce::customer::{CustomerId, CustomerQuery, Customers as _};
use tenancy_commerce::media::{Media as _, MediaQuery};
use tenancy_commerce::order::{NewOrder, OrderQuery, OrderStatus, Orders as _};
use tenancy_commerce::stock::{Stock as _, StockQuery};
use tenancy_commerce::{Limit, fixtures};
use tenancy_core::time::Time;
use tenancy_tests::statements::Databases;
use tenancy_tests::{Postgres, Statements};

use super::shop::Shops;

fn source() -> Statements {
    Statements::of_crate(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
}

#[tokio::test]
async fn every_statement_is_prepared_on_both_databases() {
    let statements = source();
    let all = statements.whole.iter();
    assert!(statements.whole.len() >= 30, "{}", statements.whole.len());
    assert!(all.clone().all(|one| one.databases == Databases::Both));
    let (postgres, sqlite) = (Shops::postgres().await, Shops::sqlite().await);
    let [registry, tenant] = sqlite.files();
    let url = postgres.postgres_database().app_url();
    statements.prepare(&url, &[&registry, &tenant]).await;
}

#[tokio::test]
async fn every_combination_of_fragments_runs_on_postgres() {
    let database = Shops::empty_database().await;
    database.log_statements().await;
    ask_for_everything(&Shops::on_postgres(database).await).await;

    let source = source();
    assert!(source.fragments.len() >= 50, "{}", source.fragments.len());
    let log = Postgres::shared().await.log();
    assert_eq!(source.missing_from(&log), [""; 0]);
}

#[tokio::test]
async fn every_combination_of_fragments_runs_on_sqlite() {
    ask_for_everything(&Shops::sqlite().await).await;
}

/// Asks for every record in every way and for every list with every combination of its filters.
/// The queries are spelled out, so that whoever adds a filter has to name it here.
async fn ask_for_everything(shops: &Shops) {
    let Shops { catalog, a, .. } = shops;
    let add = async |name: &str, stock, featured, categories: &[&str]| {
        let mut fields = fixtures::product_fields(name, stock);
        fields.featured = featured;
        fields.images = [1, 2].map(picture).into();
        if name == "Planned" {
            fields.status = ProductStatus::Draft;
        }
        let names = categories.iter().copied().map(str::to_owned).collect();
        fields.categories = vec![CategoryPath(names)];
        let draft = ProductDraft::new(fields).unwrap();
        catalog.insert(a, &draft).await.unwrap()
    };
    let shirt = add("Shirt", Some(9), true, &["Clothes", "Tops"]).await;
    add("Coat", None, false, &["Clothes"]).await;
    add("Planned", Some(0), false, &["Books"]).await;

    let buyer = fixtures::customer("buyer");
    let buyer = shops.customers.insert(a, &buyer).await.unwrap().id;
    ask_for_products(shops, &shirt).await;
    ask_for_stock(shops, &shirt).await;
    ask_for_customers(shops, buyer).await;
    ask_for_orders(shops, &shirt, buyer).await;
    ask_for_media(shops).await;
}

async fn ask_for_media(shops: &Shops) {
    let Shops { media, a, .. } = shops;
    for name in ["older", "newer"] {
        let file = fixtures::media_file(name, 1);
        let file = media.insert(a, &file).await.unwrap();
        assert_eq!(media.find(a, file.id).await.unwrap(), file);
    }
    let first = MediaQuery {
        limit: Limit::new(1),
        ..MediaQuery::default()
    };
    let first = media.list(a, &first).await.unwrap().next;
    for bits in 0..8 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let query = MediaQuery {
            content_type: on(0).then(|| "image/png".to_owned()),
            folder: on(1).then(String::new),
            after: first.filter(|_| on(2)),
            limit: Limit::default(),
        };
        let found = media.list(a, &query).await.unwrap().items;
        assert_eq!(found.len(), 2 - usize::from(on(2)), "{query:?}");
    }
}

fn picture(number: u32) -> ImageDraft {
    ImageDraft {
        url: format!("https://images.example/{number}"),
        ..ImageDraft::default()
    }
}

async fn ask_for_products(shops: &Shops, shirt: &Product) {
    let Shops { catalog, a, .. } = shops;
    assert_eq!(catalog.find(a, shirt.id).await.unwrap(), *shirt);
    assert_eq!(catalog.find_by_slug(a, &shirt.slug).await.unwrap(), *shirt);
    let all = catalog.categories(a).await.unwrap();
    let clothes = all.iter().find(|one| one.name == "Clothes").unwrap();
    let found = catalog.find_category(a, clothes.id).await.unwrap();
    assert_eq!(found, *clothes);
    for (after, expected) in [(None, 3), (Some(shirt.id), 2)] {
        let page = catalog.export(a, after, Limit::MAX).await.unwrap();
        assert_eq!(page.items.len(), expected);
    }

    let by_id = CategoryRef::Id(clothes.id);
    let by_slug = CategoryRef::Slug(clothes.slug.clone());
    for sort in [Sort::Name, Sort::Newest, Sort::Price, Sort::PriceDown] {
        let first = ProductQuery {
            sort,
            limit: Limit::new(1),
            ..ProductQuery::default()
        };
        let first = catalog.list(a, &first).await.unwrap().next;
        let whole = ProductQuery {
            sort,
            ..ProductQuery::default()
        };
        let whole = catalog.list(a, &whole).await.unwrap().items;
        for status in [None, Some(ProductStatus::Published)] {
            for featured in [None, Some(false), Some(true)] {
                for category in [None, Some(&by_id), Some(&by_slug)] {
                    for q in [None, Some("shirt"), Some("T SHI")] {
                        for in_stock in [None, Some(false), Some(true)] {
                            for after in [None, first.as_ref()] {
                                let query = ProductQuery {
                                    status,
                                    category: category.cloned(),
                                    featured,
                                    q: q.map(str::to_owned),
                                    in_stock,
                                    sort,
                                    after: after.cloned(),
                                    limit: Limit::default(),
                                };
                                let page = catalog.list(a, &query).await.unwrap();
                                let rest = whole.iter().skip(usize::from(after.is_some()));
                                let expected = rest.filter(|one| matches(one, &query));
                                assert!(page.items.iter().eq(expected), "{query:?}");
                            }
                        }
                    }
                }
            }
        }
    }
}

fn matches(product: &Product, query: &ProductQuery) -> bool {
    let available = product.variants[0].stock != Some(0);
    query.status.is_none_or(|status| status == product.status)
        && query
            .featured
            .is_none_or(|featured| featured == product.featured)
        && (query.category.is_none() || product.name != "Planned")
        && (query.q.is_none() || product.name == "Shirt")
        && query.in_stock.is_none_or(|in_stock| in_stock == available)
}

async fn ask_for_stock(shops: &Shops, shirt: &Product) {
    let Shops { stock, a, .. } = shops;
    let variant = shirt.variants[0].id;
    let level = stock.find(a, variant).await.unwrap();
    assert_eq!(level.on_hand, Some(9));
    for bits in 0..8 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let query = StockQuery {
            product_id: on(0).then_some(shirt.id),
            low: on(1),
            after: on(2).then_some(variant),
            limit: Limit::default(),
        };
        let found = stock.list(a, &query).await.unwrap().items;
        // The shirt was the first of three, and nothing has a point at which it is low.
        let expected = match (on(0), on(1), on(2)) {
            (_, true, _) | (true, _, true) => 0,
            (true, false, false) => 1,
            (false, false, after) => 3 - usize::from(after),
        };
        assert_eq!(found.len(), expected, "{query:?}");
    }
}

async fn ask_for_customers(shops: &Shops, buyer: CustomerId) {
    let Shops { customers, a, .. } = shops;
    let found = customers.find_by_email(a, "buyer@example.com").await;
    assert_eq!(found.unwrap(), customers.find(a, buyer).await.unwrap());
    let later = fixtures::customer("later");
    customers.insert(a, &later).await.unwrap();
    let first = CustomerQuery {
        limit: Limit::new(1),
        ..CustomerQuery::default()
    };
    let first = customers.list(a, &first).await.unwrap().next;
    for (q, expected) in [(None, 2), (Some("EXAMPLE com"), 2), (Some("later"), 1)] {
        for after in [None, first] {
            let query = CustomerQuery {
                q: q.map(str::to_owned),
                after,
                limit: Limit::default(),
            };
            let found = customers.list(a, &query).await.unwrap().items;
            let expected = expected - usize::from(after.is_some());
            assert_eq!(found.len(), expected, "{query:?}");
        }
    }
}

async fn ask_for_orders(shops: &Shops, shirt: &Product, buyer: CustomerId) {
    let Shops { orders, a, .. } = shops;
    let order = NewOrder {
        customer_id: Some(buyer),
        ..fixtures::order(shirt.variants[0].id, 1)
    };
    let older = orders.place(a, &order).await.unwrap();
    let newer = orders.place(a, &order).await.unwrap();
    let cancelled = orders.cancel(a, older.id).await.unwrap();
    assert_eq!(orders.find(a, older.id).await.unwrap(), cancelled);
    let first = OrderQuery {
        limit: Limit::new(1),
        ..OrderQuery::default()
    };
    let first = orders.list(a, &first).await.unwrap().next;
    for bits in 0..32 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let query = OrderQuery {
            status: on(0).then_some(OrderStatus::Placed),
            customer_id: on(1).then_some(buyer),
            placed_from: on(2).then_some(older.placed_at),
            placed_before: on(3).then_some(Time::now()),
            after: first.filter(|_| on(4)),
            limit: Limit::default(),
        };
        let found = orders.list(a, &query).await.unwrap().items;
        let expected = [&newer, &cancelled].into_iter();
        let expected = expected
            .skip(usize::from(on(4)))
            .filter(|one| !on(0) || one.status == OrderStatus::Placed);
        assert!(found.iter().eq(expected), "{query:?}");
    }
}
