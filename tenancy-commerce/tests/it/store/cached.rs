//! The catalogue behind a cache is the catalogue.

use tenancy_cache::Cache;
use tenancy_commerce::catalog::{
    CachedCatalog, Catalog as _, CategoryDraft, CategoryPath, ProductDraft, ProductQuery,
    SqlCatalog,
};
use tenancy_commerce::fixtures::{order, product, product_fields};
use tenancy_commerce::order::Orders as _;
use tenancy_commerce::{ErrorKind, Patch, contract};

use super::shop::Shops;

fn cached(shops: &Shops) -> (CachedCatalog<SqlCatalog>, Cache) {
    let cache = Cache::builder(&shops.tenants)
        .journal(&shops.database)
        .build();
    (CachedCatalog::new(shops.catalog.clone(), &cache), cache)
}

async fn passes_the_catalogues_suite(shops: Shops) {
    let (catalog, _) = cached(&shops);
    contract::catalog::all(&catalog, &shops.a, &shops.b).await;
}

async fn passes_the_orders_suite(shops: Shops) {
    let (catalog, _) = cached(&shops);
    let Shops {
        orders,
        customers,
        a,
        b,
        ..
    } = &shops;
    contract::orders::all(orders, &catalog, customers, a, b).await;
}

async fn what_was_read_needs_no_database(shops: Shops) {
    let (catalog, _) = cached(&shops);
    let Shops { a, b, .. } = &shops;
    let draft = CategoryDraft::new("Bells");
    let category = catalog.insert_category(a, &draft).await.unwrap();
    let bell = catalog.insert(a, &product("Bell", Some(5))).await.unwrap();
    let read = async |scope| {
        let list = catalog.list(scope, &ProductQuery::default()).await?;
        let found = catalog.find(scope, bell.id).await;
        let by_slug = catalog.find_by_slug(scope, &bell.slug).await;
        let categories = catalog.categories(scope).await?;
        let one = catalog.find_category(scope, category.id).await;
        let all = (list.items, found.ok(), by_slug.ok(), categories, one.ok());
        Ok::<_, tenancy_commerce::Error>(all)
    };
    let own = read(a).await.unwrap();
    let (bells, kept) = (vec![bell.clone()], Some(bell.clone()));
    let kept_category = (vec![category.clone()], Some(category.clone()));
    assert_eq!(
        own,
        (bells, kept.clone(), kept, kept_category.0, kept_category.1)
    );
    let foreign = read(b).await.unwrap();
    assert_eq!(foreign, (vec![], None, None, vec![], None));

    shops.database.storage().close().await;
    assert_eq!(read(a).await.unwrap(), own);
    assert_eq!(read(b).await.unwrap(), foreign);
    let query = ProductQuery {
        q: Some("bell".to_owned()),
        ..ProductQuery::default()
    };
    let error = catalog.list(a, &query).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store(_)), "{error:?}");
}

async fn without_a_cache_everything_passes_through(shops: Shops) {
    let catalog = CachedCatalog::passing_through(shops.catalog.clone());
    let bell = catalog.insert(&shops.a, &product("Bell", None)).await;
    let bell = bell.unwrap();
    assert_eq!(catalog.find(&shops.a, bell.id).await.unwrap(), bell);
    shops.database.storage().close().await;
    let error = catalog.find(&shops.a, bell.id).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store(_)), "{error:?}");
}

async fn a_sale_and_a_new_name_are_seen_at_once(shops: Shops) {
    let (catalog, _) = cached(&shops);
    let a = &shops.a;
    let draft = CategoryDraft::new("Bells");
    let category = catalog.insert_category(a, &draft).await.unwrap();
    let mut fields = product_fields("Bell", Some(5));
    fields.categories = vec![CategoryPath(vec!["Bells".to_owned()])];
    let bell = ProductDraft::new(fields).unwrap();
    let bell = catalog.insert(a, &bell).await.unwrap();
    let seen = async || {
        let list = catalog.list(a, &ProductQuery::default()).await.unwrap();
        let one = catalog.find(a, bell.id).await.unwrap();
        assert_eq!(list.items[0], one);
        assert_eq!(catalog.find_by_slug(a, &bell.slug).await.unwrap(), one);
        let path = one.categories[0].path.0[0].clone();
        (one.variants[0].stock.unwrap(), path)
    };
    assert_eq!(seen().await, (5, "Bells".to_owned()));
    let order = order(bell.variants[0].id, 2);
    shops.orders.place(a, &order).await.unwrap();
    assert_eq!(seen().await, (3, "Bells".to_owned()));
    let patch = Patch::default().set("name", "Rings");
    catalog
        .patch_category(a, category.id, &patch)
        .await
        .unwrap();
    assert_eq!(seen().await, (3, "Rings".to_owned()));
}

on_both!(
    a_sale_and_a_new_name_are_seen_at_once,
    passes_the_catalogues_suite,
    passes_the_orders_suite,
    what_was_read_needs_no_database,
    without_a_cache_everything_passes_through
);
