//! The suite of [`Orders`].

use tenancy_core::TenantScope;

use super::{refusal, refused};
use crate::ErrorKind;
use crate::catalog::{Catalog, ProductDraft, ProductStatus, VariantId};
use crate::customer::Customers;
use crate::error::Shortage;
use crate::fixtures::{customer, order, product, product_fields, usd};
use crate::order::{NewOrder, OrderQuery, OrderStatus, Orders, QUANTITY_MAX};
use crate::page::Limit;
use crate::patch::ProductPatch;

/// Runs the whole suite.
pub async fn all(
    orders: &impl Orders,
    catalog: &impl Catalog,
    customers: &impl Customers,
    a: &TenantScope,
    b: &TenantScope,
) {
    snapshots_what_is_bought(orders, catalog, a, b).await;
    takes_all_or_nothing(orders, catalog, a).await;
    gives_back_once(orders, catalog, a).await;
    sells_only_what_is_published(orders, catalog, a).await;
    refuses_nonsense(orders, catalog, a).await;
    lists_and_filters(orders, catalog, customers, b).await;
}

async fn insert(
    catalog: &impl Catalog,
    scope: &TenantScope,
    name: &str,
    stock: Option<i64>,
) -> VariantId {
    let product = catalog.insert(scope, &product(name, stock)).await.unwrap();
    product.variants[0].id
}

/// An order keeps its lines whatever becomes of the product, and is its own shop's only.
pub async fn snapshots_what_is_bought(
    orders: &impl Orders,
    catalog: &impl Catalog,
    a: &TenantScope,
    b: &TenantScope,
) {
    let sold = catalog.insert(a, &product("Sold", Some(5))).await.unwrap();
    let variant = sold.variants[0].id;
    let foreign = orders.place(b, &order(variant, 1)).await;
    assert_eq!(refusal(foreign), ErrorKind::NotFound);

    let placed = orders.place(a, &order(variant, 2)).await.unwrap();
    assert_eq!((placed.number, placed.total), (1, usd(2_000)));
    let patch = ProductPatch::default().set("name", "Renamed");
    catalog.patch(a, sold.id, &patch).await.unwrap();
    assert_eq!(
        catalog.find(a, sold.id).await.unwrap().variants[0].stock,
        Some(3)
    );
    catalog.delete(a, sold.id).await.unwrap();
    assert_eq!(orders.find(a, placed.id).await.unwrap(), placed);
    assert_eq!(placed.lines[0].name, "Sold");
    assert_eq!(
        refusal(orders.find(b, placed.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(orders.cancel(b, placed.id).await),
        ErrorKind::NotFound
    );
    // What went back to a variant that is gone is nowhere.
    orders.cancel(a, placed.id).await.unwrap();
}

/// One variant on two lines counts together, and a shortage takes nothing at all.
pub async fn takes_all_or_nothing(
    orders: &impl Orders,
    catalog: &impl Catalog,
    scope: &TenantScope,
) {
    let plenty = insert(catalog, scope, "Enough", Some(10)).await;
    let scarce = insert(catalog, scope, "Scarce", Some(3)).await;
    let untracked = insert(catalog, scope, "Untracked", None).await;
    let lines = [(plenty, 1), (scarce, 2), (untracked, 9), (scarce, 2)];
    let shortage = Shortage {
        variant_id: scarce,
        requested: 4,
        available: 3,
    };
    let refused = orders.place(scope, &NewOrder::new(lines)).await;
    assert_eq!(refusal(refused), ErrorKind::OutOfStock(vec![shortage]));
    let left = async |slug: &str| {
        let slug = slug.parse().unwrap();
        catalog.find_by_slug(scope, &slug).await.unwrap().variants[0].stock
    };
    assert_eq!(
        (left("enough").await, left("scarce").await),
        (Some(10), Some(3))
    );

    let lines = [(plenty, 1), (scarce, 2), (untracked, 9), (scarce, 1)];
    let placed = orders.place(scope, &NewOrder::new(lines)).await.unwrap();
    assert_eq!(placed.lines.len(), 4);
    assert_eq!(placed.total, usd(13_000));
    assert_eq!(
        (left("enough").await, left("scarce").await),
        (Some(9), Some(0))
    );
    assert_eq!(left("untracked").await, None);
}

/// A cancelled order gives back what it took, once.
pub async fn gives_back_once(orders: &impl Orders, catalog: &impl Catalog, scope: &TenantScope) {
    let mut fields = product_fields("Backorder", Some(1));
    fields.variants[0].backorder = true;
    let draft = ProductDraft::new(fields).unwrap();
    let product = catalog.insert(scope, &draft).await.unwrap();
    let left = async || catalog.find(scope, product.id).await.unwrap().variants[0].stock;
    let variant = product.variants[0].id;
    let placed = orders.place(scope, &order(variant, 3)).await.unwrap();
    assert_eq!(left().await, Some(-2));
    let cancelled = orders.cancel(scope, placed.id).await.unwrap();
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
    assert_eq!(cancelled.lines, placed.lines);
    assert_eq!(left().await, Some(1));
    let again = orders.cancel(scope, placed.id).await;
    assert_eq!(refusal(again), ErrorKind::AlreadyCancelled);
    assert_eq!(left().await, Some(1));
    assert_eq!(orders.find(scope, placed.id).await.unwrap(), cancelled);
}

/// A draft and what is archived are not for sale, whatever there is of them, and each is named; an
/// order that holds one takes nothing of the others.
pub async fn sells_only_what_is_published(
    orders: &impl Orders,
    catalog: &impl Catalog,
    scope: &TenantScope,
) {
    let open = catalog.insert(scope, &product("Open", Some(3))).await;
    let open = open.unwrap().variants[0].id;
    let mut closed = Vec::new();
    for (name, status, stock) in [
        ("Planned", ProductStatus::Draft, Some(0)),
        ("Retired", ProductStatus::Archived, None),
    ] {
        let mut fields = product_fields(name, stock);
        fields.status = status;
        let draft = ProductDraft::new(fields).unwrap();
        closed.push(catalog.insert(scope, &draft).await.unwrap());
    }
    let [planned, retired] = [closed[0].variants[0].id, closed[1].variants[0].id];
    let check = async |lines: &[(VariantId, i64)], expected: &[VariantId]| {
        let order = NewOrder::new(lines.iter().copied());
        let refused = refusal(orders.place(scope, &order).await);
        assert_eq!(refused, ErrorKind::NotForSale(expected.to_vec()));
    };
    check(&[(planned, 1)], &[planned]).await;
    check(&[(retired, 1)], &[retired]).await;
    check(
        &[(retired, 1), (open, 9), (planned, 1)],
        &[planned, retired],
    )
    .await;
    let mut unknown = order(VariantId::generate(), 1);
    unknown.lines.extend(order(planned, 1).lines);
    assert_eq!(
        refusal(orders.place(scope, &unknown).await),
        ErrorKind::NotFound
    );
    let publish = ProductPatch::default().set("status", "published");
    catalog.patch(scope, closed[1].id, &publish).await.unwrap();
    let both = NewOrder::new([(open, 3), (retired, 1)]);
    let placed = orders.place(scope, &both).await.unwrap();
    // Sold is sold: what is taken out of the catalogue afterwards can still be given back.
    let archive = ProductPatch::default().set("status", "archived");
    catalog.patch(scope, closed[1].id, &archive).await.unwrap();
    orders.cancel(scope, placed.id).await.unwrap();
    let slug = "open".parse().unwrap();
    let open = catalog.find_by_slug(scope, &slug).await.unwrap();
    assert_eq!(open.variants[0].stock, Some(3));
}

/// No line, no piece, too many, too dear, two currencies: each is named.
pub async fn refuses_nonsense(orders: &impl Orders, catalog: &impl Catalog, scope: &TenantScope) {
    let mut fields = product_fields("Dear", None);
    fields.variants[0].price = usd(i64::MAX / 2);
    let dear = ProductDraft::new(fields).unwrap();
    let dear = catalog.insert(scope, &dear).await.unwrap().variants[0].id;
    let mut fields = product_fields("Euro", None);
    fields.variants[0].price = crate::money::Money::new(1, "EUR".parse().unwrap());
    let euro = ProductDraft::new(fields).unwrap();
    let euro = catalog.insert(scope, &euro).await.unwrap().variants[0].id;
    let check = async |lines: &[(VariantId, i64)], expected: &str| {
        let order = NewOrder::new(lines.iter().copied());
        let fields = refused(orders.place(scope, &order).await);
        assert_eq!(fields, [expected], "{lines:?}");
    };
    check(&[], "lines").await;
    check(&[(dear, 0)], "lines[0].quantity").await;
    check(&[(euro, QUANTITY_MAX + 1)], "lines[0].quantity").await;
    check(&[(dear, 3)], "lines[0]").await;
    check(&[(dear, 1), (euro, 1)], "lines[1]").await;
    check(&[(dear, 1), (dear, 2)], "total").await;
    let placed = orders.place(scope, &order(dear, 2)).await.unwrap();
    assert_eq!(placed.total, usd(i64::MAX - 1));
    let unknown = order(VariantId::generate(), 1);
    assert_eq!(
        refusal(orders.place(scope, &unknown).await),
        ErrorKind::NotFound
    );
}

/// The newest come first, page by page; every combination of filters is answered.
pub async fn lists_and_filters(
    orders: &impl Orders,
    catalog: &impl Catalog,
    customers: &impl Customers,
    scope: &TenantScope,
) {
    let variant = insert(catalog, scope, "Listed", None).await;
    let buyer = customers.insert(scope, &customer("buyer")).await.unwrap();
    let mut placed = Vec::new();
    for quantity in 1..=3 {
        let order = NewOrder {
            customer_id: (quantity == 2).then_some(buyer.id),
            ..order(variant, quantity)
        };
        placed.push(orders.place(scope, &order).await.unwrap());
    }
    let numbers: Vec<_> = placed.iter().map(|order| order.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    placed[0] = orders.cancel(scope, placed[0].id).await.unwrap();
    placed.reverse();
    let mut query = OrderQuery {
        limit: Limit::new(2),
        ..OrderQuery::default()
    };
    let first = orders.list(scope, &query).await.unwrap();
    query.after = first.next;
    let second = orders.list(scope, &query).await.unwrap();
    assert_eq!([first.items, second.items].concat(), placed);

    for bits in 0_u32..32 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let query = OrderQuery {
            status: on(0).then_some(OrderStatus::Placed),
            customer_id: on(1).then_some(buyer.id),
            placed_from: on(2).then_some(placed[1].placed_at),
            placed_before: on(3).then_some(placed[0].placed_at),
            after: if on(4) { first.next } else { None },
            limit: Limit::MAX,
        };
        let expected = placed.iter().enumerate().filter(|(index, order)| {
            (!on(0) || order.status == OrderStatus::Placed)
                && (!on(1) || order.customer_id == Some(buyer.id))
                && (!on(2) || order.placed_at >= placed[1].placed_at)
                && (!on(3) || order.placed_at < placed[0].placed_at)
                && (!on(4) || *index > 1)
        });
        let expected: Vec<_> = expected.map(|(_, order)| order.clone()).collect();
        let page = orders.list(scope, &query).await.unwrap();
        assert_eq!(page.items, expected, "{query:?}");
    }
    customers.delete(scope, buyer.id).await.unwrap();
    let kept = orders.find(scope, placed[1].id).await.unwrap();
    assert_eq!(kept.customer_id, None);
    let unknown = NewOrder {
        customer_id: Some(buyer.id),
        ..order(variant, 1)
    };
    assert_eq!(
        refusal(orders.place(scope, &unknown).await),
        ErrorKind::NotFound
    );
}
