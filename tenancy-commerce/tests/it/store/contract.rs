use tenancy_commerce::contract;

use super::shop::Shops;

async fn catalog(shops: Shops) {
    contract::catalog::all(&shops.catalog, &shops.a, &shops.b).await;
}

async fn stock(shops: Shops) {
    contract::stock::all(&shops.stock, &shops.catalog, &shops.a, &shops.b).await;
}

async fn customers(shops: Shops) {
    contract::customers::all(&shops.customers, &shops.a, &shops.b).await;
}

async fn orders(shops: Shops) {
    let Shops {
        orders,
        catalog,
        customers,
        a,
        b,
        ..
    } = &shops;
    contract::orders::all(orders, catalog, customers, a, b).await;
}

async fn media(shops: Shops) {
    contract::media::all(&shops.media, &shops.a, &shops.b).await;
}

on_both!(catalog, customers, media, orders, stock);
