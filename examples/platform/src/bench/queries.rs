use std::time::Duration;

use tenancy_commerce::catalog::{
    Catalog as _, CategoryRef, ProductQuery, ProductStatus, SqlCatalog,
};
use tenancy_commerce::stock::{Stock as _, StockQuery};
use tenancy_core::sql::Database;
use tenancy_core::time::Time;
use tenancy_core::{Error, TenantScope, on_tx};
use tenancy_observability::load_test::Timed;

use super::BenchShop;
use crate::failure::Failure;
use crate::platform::Platform;

/// How often each is done.
const ITERATIONS: u32 = 100;

/// How far daily totals go back.
const DAYS: u64 = 30;

/// Times what shops ask of the database, past the cache and without HTTP.
pub(crate) async fn time_queries(
    platform: &Platform,
    shop: &BenchShop,
) -> Result<Vec<Timed>, Failure> {
    let (scope, database) = (&shop.scope, platform.database());
    let catalog = SqlCatalog::new(database);
    let categories = catalog.categories(scope).await?;
    let of_category = ProductQuery {
        status: Some(ProductStatus::Published),
        category: categories
            .first()
            .map(|category| CategoryRef::Id(category.id)),
        in_stock: Some(true),
        ..ProductQuery::default()
    };
    let products = async || catalog.list(scope, &of_category).await.map(drop);
    let low = StockQuery {
        low: true,
        ..StockQuery::default()
    };
    let stock = async || platform.stock().list(scope, &low).await.map(drop);
    let totals = async || daily_totals(database, scope).await.map(drop);
    Ok(vec![
        Timed::measure("products of a category", ITERATIONS, products).await?,
        Timed::measure("orders of 30 days by day", ITERATIONS, totals).await?,
        Timed::measure("stock at its reorder point", ITERATIONS, stock).await?,
    ])
}

/// The day, its orders and their sum, of days in UTC.
async fn daily_totals(
    database: &Database,
    scope: &TenantScope,
) -> Result<Vec<(i64, i64, i64)>, Error> {
    const TOTALS: &str = "SELECT placed_at / 86400000000 AS day, COUNT(*), CAST(SUM(total) AS BIGINT) \
         FROM commerce_orders WHERE tenant_id = $1 AND placed_at >= $2 \
         GROUP BY placed_at / 86400000000 ORDER BY day";
    let span = Duration::from_secs(DAYS * 86_400);
    let since = Time::now().as_microseconds() - i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    let mut tx = database.read(scope).await?;
    let tenant = scope.tenant().id.as_uuid();
    let totals = on_tx!(&mut tx, |conn| {
        sqlx::query_as(TOTALS)
            .bind(tenant)
            .bind(since)
            .fetch_all(conn)
            .await
    })?;
    tx.commit().await?;
    Ok(totals)
}
