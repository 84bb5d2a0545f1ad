//! The suite of [`Stock`].

use tenancy_core::TenantScope;

use super::{refusal, refused};
use crate::ErrorKind;
use crate::catalog::Catalog;
use crate::error::Shortage;
use crate::fixtures::product;
use crate::page::Limit;
use crate::patch::Patch;
use crate::stock::{Stock, StockDraft, StockQuery};

/// Runs the whole suite.
pub async fn all(stock: &impl Stock, catalog: &impl Catalog, a: &TenantScope, b: &TenantScope) {
    counts(stock, catalog, a, b).await;
    lists_what_is_low(stock, catalog, a, b).await;
}

/// Counting up and down, never below zero without backorder.
pub async fn counts(stock: &impl Stock, catalog: &impl Catalog, a: &TenantScope, b: &TenantScope) {
    let product = catalog
        .insert(a, &product("Counted", Some(4)))
        .await
        .unwrap();
    let id = product.variants[0].id;
    assert_eq!(stock.adjust(a, id, -3).await.unwrap().on_hand, Some(1));
    let shortage = Shortage {
        variant_id: id,
        requested: 2,
        available: 1,
    };
    let short = stock.adjust(a, id, -2).await;
    assert_eq!(refusal(short), ErrorKind::OutOfStock(vec![shortage]));
    let found = catalog.find(a, product.id).await.unwrap();
    assert_eq!(found.variants[0].stock, Some(1));

    let backorder = StockDraft {
        on_hand: Some(1),
        backorder: true,
        ..StockDraft::default()
    };
    stock.set(a, id, &backorder).await.unwrap();
    let reorder = Patch::default().set("reorder_point", 2);
    let patched = stock.patch(a, id, &reorder).await.unwrap();
    let expected = StockDraft {
        reorder_point: Some(2),
        ..backorder
    };
    assert_eq!(patched.to_draft(), expected);
    let unknown = Patch::default().set("colour", "red");
    assert_eq!(refused(stock.patch(a, id, &unknown).await), ["colour"]);
    assert_eq!(stock.adjust(a, id, -2).await.unwrap().on_hand, Some(-1));
    stock.set(a, id, &StockDraft::default()).await.unwrap();
    assert_eq!(refused(stock.adjust(a, id, 1).await), ["on_hand"]);
    assert_eq!(stock.find(a, id).await.unwrap().on_hand, None);

    assert_eq!(refusal(stock.find(b, id).await), ErrorKind::NotFound);
    assert_eq!(refusal(stock.adjust(b, id, 1).await), ErrorKind::NotFound);
    let foreign = stock.patch(b, id, &reorder).await;
    assert_eq!(refusal(foreign), ErrorKind::NotFound);
    assert_eq!(
        refusal(stock.set(b, id, &backorder).await),
        ErrorKind::NotFound
    );
}

/// What is at its reorder point is listed, for its own shop.
pub async fn lists_what_is_low(
    stock: &impl Stock,
    catalog: &impl Catalog,
    a: &TenantScope,
    b: &TenantScope,
) {
    let mut low = Vec::new();
    for (name, on_hand) in [("Low", 2), ("Lower", 1), ("Plenty", 9)] {
        let product = catalog
            .insert(a, &product(name, Some(on_hand)))
            .await
            .unwrap();
        let draft = StockDraft {
            on_hand: Some(on_hand),
            reorder_point: Some(2),
            backorder: false,
        };
        let level = stock.set(a, product.variants[0].id, &draft).await.unwrap();
        if on_hand <= 2 {
            low.push(level);
        }
    }
    let mut query = StockQuery {
        low: true,
        limit: Limit::new(1),
        ..StockQuery::default()
    };
    assert_eq!(stock.list(b, &query).await.unwrap().items, []);
    let first = stock.list(a, &query).await.unwrap();
    query.after = first.next;
    let second = stock.list(a, &query).await.unwrap();
    assert_eq!(second.next, None);
    assert_eq!([first.items, second.items].concat(), low);
    let of_product = StockQuery {
        product_id: Some(low[0].product_id),
        ..StockQuery::default()
    };
    assert_eq!(stock.list(a, &of_product).await.unwrap().items, low[..1]);
}
