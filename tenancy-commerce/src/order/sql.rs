use std::collections::HashMap;

use tenancy_core::journal::Change;
use tenancy_core::sql::filter::Query;
use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::time::Time;
use tenancy_core::{TenantId, TenantScope, on_tx};
use uuid::Uuid;

use super::{NewOrder, Order, OrderId, OrderLine, OrderPosition, OrderQuery, OrderStatus, Orders};
use crate::customer::CustomerId;
use crate::error::{Error, ErrorKind};
use crate::money::Money;
use crate::page::Page;
use crate::sql::{corrupt, from_json, money, push_ids};

mod pieces;
mod place;

const SELECT: &str = "SELECT id, number, status, customer_id, currency, total, placed_at, \
     cancelled_at FROM commerce_orders WHERE tenant_id = ?";

/// [`Orders`] in PostgreSQL or SQLite, in the same tables as
/// [`SqlCatalog`](crate::catalog::SqlCatalog).
///
/// The functions that end in `_in` work inside a transaction of the caller's, who commits it, and
/// who must not commit it after one of them failed.
#[derive(Clone, Debug)]
pub struct SqlOrders {
    database: Database,
}

impl SqlOrders {
    /// The orders in this database, which must know [`MIGRATIONS`](crate::MIGRATIONS).
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }

    /// See [`Orders::place`].
    pub async fn place_in(tx: &mut TenantTx, order: &NewOrder) -> Result<Order, Error> {
        place::place(tx, order).await
    }

    /// See [`Orders::list`].
    pub async fn list_in(
        tx: &mut TenantTx,
        query: &OrderQuery,
    ) -> Result<Page<Order, OrderPosition>, Error> {
        let mut statement = Query::new(SELECT, [tx.tenant_id().as_uuid().into()]);
        if let Some(status) = query.status {
            statement.push(" AND status = ?", [status.as_str().into()]);
        }
        if let Some(customer) = query.customer_id {
            statement.push(" AND customer_id = ?", [customer.as_uuid().into()]);
        }
        if let Some(from) = query.placed_from {
            statement.push(" AND placed_at >= ?", [from.as_microseconds().into()]);
        }
        if let Some(before) = query.placed_before {
            statement.push(" AND placed_at < ?", [before.as_microseconds().into()]);
        }
        if let Some(OrderPosition { placed_at, id }) = query.after {
            statement.push(
                " AND (placed_at, id) < (?, ?)",
                [placed_at.as_microseconds().into(), id.as_uuid().into()],
            );
        }
        statement.push(
            " ORDER BY placed_at DESC, id DESC LIMIT ?",
            [query.limit.with_one_more().into()],
        );
        let rows: Vec<OrderRow> = on_tx!(tx, |conn| statement.query_as()?.fetch_all(conn).await)?;
        let mut page = Page::cut(rows, query.limit, |row| OrderPosition {
            placed_at: Time::from_microseconds(row.placed_at),
            id: row.id.into(),
        });
        let rows = std::mem::take(&mut page.items);
        let orders = with_lines(tx, rows).await?;
        Ok(page.with_items(orders))
    }

    /// See [`Orders::find`].
    pub async fn find_in(tx: &mut TenantTx, id: OrderId) -> Result<Order, Error> {
        let mut query = Query::new(SELECT, [tx.tenant_id().as_uuid().into()]);
        query.push(" AND id = ?", [id.as_uuid().into()]);
        let row: Option<OrderRow> =
            on_tx!(tx, |conn| query.query_as()?.fetch_optional(conn).await)?;
        with_lines(tx, row.into_iter().collect())
            .await?
            .pop()
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// See [`Orders::cancel`].
    pub async fn cancel_in(tx: &mut TenantTx, id: OrderId) -> Result<Order, Error> {
        const CANCEL: &str = "UPDATE commerce_orders SET status = 'cancelled', cancelled_at = $3 \
             WHERE tenant_id = $1 AND id = $2 AND status = 'placed'";
        let tenant = tx.tenant_id().as_uuid();
        let now = Time::now();
        let cancelled = on_tx!(tx, |conn| {
            sqlx::query(CANCEL)
                .bind(tenant)
                .bind(id.as_uuid())
                .bind(now.as_microseconds())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        let after = Self::find_in(tx, id).await?;
        if cancelled != 1 {
            return Err(ErrorKind::AlreadyCancelled.into());
        }
        let before = Order {
            status: OrderStatus::Placed,
            cancelled_at: None,
            ..after.clone()
        };
        pieces::give_back(tx, &after.lines).await?;
        tx.record(Change::happened("cancelled", Some(&before), &after));
        Ok(after)
    }
}

impl SqlOrders {
    /// Takes a customer out of every order of theirs, a few at a time; each change is journaled.
    pub(crate) async fn forget_customer_in(
        tx: &mut TenantTx,
        customer: CustomerId,
    ) -> Result<(), Error> {
        const FORGET: &str = "UPDATE commerce_orders SET customer_id = NULL \
             WHERE tenant_id = $1 AND id IN (SELECT id FROM commerce_orders \
             WHERE tenant_id = $1 AND customer_id = $2 ORDER BY id LIMIT 100) RETURNING id";
        let tenant = tx.tenant_id().as_uuid();
        loop {
            let orders: Vec<Uuid> = on_tx!(tx, |conn| {
                sqlx::query_scalar(FORGET)
                    .bind(tenant)
                    .bind(customer.as_uuid())
                    .fetch_all(conn)
                    .await
            })?;
            if orders.is_empty() {
                return Ok(());
            }
            for id in orders {
                let after = Self::find_in(tx, id.into()).await?;
                let before = Order {
                    customer_id: Some(customer),
                    ..after.clone()
                };
                tx.record(Change::updated(&before, &after));
            }
        }
    }
}

async fn with_lines(tx: &mut TenantTx, rows: Vec<OrderRow>) -> Result<Vec<Order>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = tx.tenant_id();
    let mut query = Query::new(
        "SELECT order_id, product_id, variant_id, sku, name, option_values, price, quantity, \
         total, tracked FROM commerce_order_lines WHERE tenant_id = ?",
        [tenant.as_uuid().into()],
    );
    push_ids(
        &mut query,
        " AND order_id IN",
        rows.iter().map(|row| row.id),
    );
    query.push(" ORDER BY order_id, position", []);
    let lines: Vec<LineRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    let mut by_order = HashMap::<_, Vec<_>>::new();
    for line in lines {
        by_order.entry(line.order_id).or_default().push(line);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_order.remove(&row.id).unwrap_or_default();
            row.order(tenant, lines)
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct OrderRow {
    id: Uuid,
    number: i64,
    status: String,
    customer_id: Option<Uuid>,
    currency: String,
    total: i64,
    placed_at: i64,
    cancelled_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    order_id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    sku: Option<String>,
    name: String,
    option_values: String,
    price: i64,
    quantity: i64,
    total: i64,
    tracked: i64,
}

impl OrderRow {
    fn order(self, tenant_id: TenantId, lines: Vec<LineRow>) -> Result<Order, Error> {
        let total = money(self.total, &self.currency)?;
        let lines = lines
            .into_iter()
            .map(|line| line.line(tenant_id, total))
            .collect::<Result<_, _>>()?;
        Ok(Order {
            tenant_id,
            id: self.id.into(),
            number: self.number,
            status: self.status.parse().map_err(corrupt)?,
            customer_id: self.customer_id.map(CustomerId::from),
            lines,
            total,
            placed_at: Time::from_microseconds(self.placed_at),
            cancelled_at: self.cancelled_at.map(Time::from_microseconds),
        })
    }
}

impl LineRow {
    fn line(self, tenant_id: TenantId, order_total: Money) -> Result<OrderLine, Error> {
        let currency = order_total.currency();
        Ok(OrderLine {
            tenant_id,
            product_id: self.product_id.into(),
            variant_id: self.variant_id.into(),
            sku: self.sku,
            name: self.name,
            option_values: from_json(&self.option_values)?,
            price: Money::new(self.price, currency),
            quantity: self.quantity,
            total: Money::new(self.total, currency),
            tracked: self.tracked == 1,
        })
    }
}

impl Orders for SqlOrders {
    async fn place(&self, scope: &TenantScope, order: &NewOrder) -> Result<Order, Error> {
        let mut tx = self.database.write(scope).await?;
        let order = Self::place_in(&mut tx, order).await?;
        tx.commit().await?;
        Ok(order)
    }

    async fn list(
        &self,
        scope: &TenantScope,
        query: &OrderQuery,
    ) -> Result<Page<Order, OrderPosition>, Error> {
        let mut tx = self.database.read(scope).await?;
        let page = Self::list_in(&mut tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn find(&self, scope: &TenantScope, id: OrderId) -> Result<Order, Error> {
        let mut tx = self.database.read(scope).await?;
        let order = Self::find_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(order)
    }

    async fn cancel(&self, scope: &TenantScope, id: OrderId) -> Result<Order, Error> {
        let mut tx = self.database.write(scope).await?;
        let order = Self::cancel_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(order)
    }
}
