use tenancy_commerce::Limit;
use tenancy_commerce::catalog::{Catalog as _, ProductDraft, ProductQuery, Sort};
use tenancy_commerce::fixtures;

use super::shop::Shops;

/// Each over a megabyte.
async fn fill(shops: &Shops) {
    for number in 0..7 {
        let mut fields = fixtures::product_fields(&format!("large {number}"), None);
        for attribute in 0..20 {
            let value = "x".repeat(60 * 1024);
            fields.attributes.insert(attribute.to_string(), value);
        }
        let draft = ProductDraft::new(fields).unwrap();
        shops.catalog.insert(&shops.a, &draft).await.unwrap();
    }
}

async fn a_page_of_large_products_is_shorter_and_says_so(shops: Shops) {
    fill(&shops).await;
    for sort in [Sort::Name, Sort::Newest, Sort::Price, Sort::PriceDown] {
        let mut query = ProductQuery {
            sort,
            limit: Limit::MAX,
            ..ProductQuery::default()
        };
        let mut sizes = vec![];
        loop {
            let page = shops.catalog.list(&shops.a, &query).await.unwrap();
            sizes.push(page.items.len());
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(sizes, [4, 3], "{sort:?}");
    }
    let exported = shops.catalog.export(&shops.a, None, Limit::MAX);
    let exported = exported.await.unwrap();
    let rest = shops.catalog.export(&shops.a, exported.next, Limit::MAX);
    let rest = rest.await.unwrap();
    assert_eq!((exported.items.len(), rest.items.len()), (4, 3));
    assert_eq!(rest.next, None);
    let one = ProductQuery {
        limit: Limit::new(1),
        ..ProductQuery::default()
    };
    let page = shops.catalog.list(&shops.a, &one).await.unwrap();
    assert!(page.items.len() == 1 && page.next.is_some());
}

on_both!(a_page_of_large_products_is_shorter_and_says_so);
