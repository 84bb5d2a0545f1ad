use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::tz;
use tenancy_commerce::Limit;
use tenancy_commerce::order::{Order, OrderQuery, OrderStatus, Orders as _};
use tenancy_commerce::stock::{Stock as _, StockLevel, StockQuery};
use tenancy_core::TenantScope;
use tenancy_core::tenant::{Locale, TimeZone};

use super::refuse::NoPage;
use super::sign_in::{Token, masked, private, sign_in_for};
use super::view;
use crate::overview::Overview;
use crate::pages::{self, AdminPage, Link, LowStock, OrderRow, Prices};
use crate::platform::Platform;

/// How many rows each list has.
const ROWS: u32 = 10;

/// A shop's back office, for those who have signed in to it.
pub(super) async fn page(
    State(platform): State<Platform>,
    scope: TenantScope,
    token: Token,
) -> Result<Response, NoPage> {
    if scope.actor().is_anonymous() {
        return Ok(sign_in_for(&Link::admin()));
    }
    let failed = |error| NoPage::of(&scope, &error);
    let has = Overview::of(platform.database(), &scope).await;
    let has = has.map_err(|error| NoPage::failed(&error))?;
    let newest = OrderQuery {
        limit: Limit::new(ROWS),
        ..OrderQuery::default()
    };
    let orders = platform
        .orders()
        .list(&scope, &newest)
        .await
        .map_err(failed)?;
    let low = StockQuery {
        low: true,
        limit: Limit::new(ROWS),
        ..StockQuery::default()
    };
    let low = platform.stock().list(&scope, &low).await.map_err(failed)?;
    let page = AdminPage {
        shop: view::shop(&scope, String::new()),
        user: scope.actor().name().to_owned(),
        products: has.products.unsigned_abs(),
        orders: has.orders.unsigned_abs(),
        customers: has.customers.unsigned_abs(),
        recent: rows(&scope, &orders.items),
        low: low.items.into_iter().map(few).collect(),
        token: masked(token),
    };
    Ok(private(pages::respond(StatusCode::OK, &page)))
}

fn rows(scope: &TenantScope, orders: &[Order]) -> Vec<OrderRow> {
    let settings = &scope.tenant().settings;
    let prices = Prices::of(&settings.get::<Locale>());
    let zone = tz::TimeZone::get(&settings.get::<TimeZone>()).unwrap_or(tz::TimeZone::UTC);
    let row = |order: &Order| {
        let placed_at = order
            .placed_at
            .to_timestamp()
            .to_zoned_datetime(zone.clone());
        OrderRow {
            number: order.number,
            placed_at: placed_at.strftime("%Y-%m-%d %H:%M").to_string(),
            total: prices.text(order.total),
            cancelled: order.status == OrderStatus::Cancelled,
        }
    };
    orders.iter().map(row).collect()
}

fn few(level: StockLevel) -> LowStock {
    LowStock {
        name: level.name,
        sku: level.sku.unwrap_or_default(),
        pieces: level.on_hand.unwrap_or_default(),
    }
}
