//! Placing an order: its prices are read, its pieces are taken, and its number comes last, since
//! from there on the shop's other orders wait.

use std::collections::BTreeMap;

use tenancy_core::journal::Change;
use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use tenancy_core::sql::filter::Query;
use tenancy_core::time::Time;
use uuid::Uuid;

use super::pieces::{self, Pieces};
use crate::catalog::{ProductStatus, VariantId};
use crate::customer::{CustomerId, SqlCustomers};
use crate::error::{Error, ErrorKind};
use crate::money::Money;
use crate::order::{NewOrder, Order, OrderId, OrderLine, OrderStatus};
use crate::sql::{corrupt, from_json, money, next_number, push_ids, to_json};
use crate::stock::StockLevel;

pub(super) async fn place(tx: &mut TenantTx, order: &NewOrder) -> Result<Order, Error> {
    order.check()?;
    if let Some(customer) = order.customer_id {
        SqlCustomers::find_in(tx, customer).await?;
    }
    let mut wanted = Pieces::new();
    for line in &order.lines {
        *wanted.entry(line.variant_id).or_default() += line.quantity;
    }
    let offers = offers(tx, &wanted).await?;
    let mut lines = lines(tx, order, &offers)?;
    refuse_unpublished(&offers)?;
    let currency = lines[0].price.currency();
    let total = Money::try_sum(currency, lines.iter().map(|line| line.total))?;
    let read: BTreeMap<_, _> = offers
        .into_iter()
        .map(|(id, offer)| (id, offer.stock))
        .collect();
    let tracked = pieces::take(tx, &wanted, &read).await?;
    for line in &mut lines {
        line.tracked = tracked.contains(&line.variant_id);
    }
    let placed = Order {
        tenant_id: tx.tenant_id(),
        id: OrderId::generate(),
        number: next_number(tx, "orders").await?,
        status: OrderStatus::Placed,
        customer_id: order.customer_id,
        lines,
        total,
        placed_at: Time::now(),
        cancelled_at: None,
    };
    insert(tx, &placed).await?;
    tx.record(Change::happened("placed", None, &placed));
    Ok(placed)
}

/// What a variant is sold for now.
struct Offer {
    status: ProductStatus,
    stock: StockLevel,
    option_values: Vec<String>,
    price: Money,
}

#[derive(sqlx::FromRow)]
struct OfferRow {
    id: Uuid,
    product_id: Uuid,
    sku: Option<String>,
    name: String,
    status: String,
    option_values: String,
    price: i64,
    currency: String,
    on_hand: Option<i64>,
    reorder_point: Option<i64>,
    backorder: i64,
}

async fn offers(tx: &mut TenantTx, wanted: &Pieces) -> Result<BTreeMap<VariantId, Offer>, Error> {
    let tenant_id = tx.tenant_id();
    let mut query = Query::new(
        "SELECT variant.id, variant.product_id, variant.sku, product.name, product.status, \
         variant.option_values, variant.price, product.currency, stock.on_hand, \
         stock.reorder_point, stock.backorder FROM commerce_product_variants AS variant \
         JOIN commerce_products AS product ON product.tenant_id = variant.tenant_id \
         AND product.id = variant.product_id \
         JOIN commerce_stock AS stock ON stock.tenant_id = variant.tenant_id \
         AND stock.variant_id = variant.id WHERE variant.tenant_id = ?",
        [tenant_id.as_uuid().into()],
    );
    push_ids(
        &mut query,
        " AND variant.id IN",
        wanted.keys().map(|id| id.as_uuid()),
    );
    let rows: Vec<OfferRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    rows.into_iter()
        .map(|row| {
            let id = VariantId::from(row.id);
            let offer = Offer {
                status: row.status.parse().map_err(corrupt)?,
                option_values: from_json(&row.option_values)?,
                price: money(row.price, &row.currency)?,
                stock: StockLevel {
                    tenant_id,
                    variant_id: id,
                    product_id: row.product_id.into(),
                    sku: row.sku,
                    name: row.name,
                    on_hand: row.on_hand,
                    reorder_point: row.reorder_point,
                    backorder: row.backorder == 1,
                },
            };
            Ok((id, offer))
        })
        .collect()
}

/// Names every variant that nobody can buy, whatever there is of it.
fn refuse_unpublished(offers: &BTreeMap<VariantId, Offer>) -> Result<(), Error> {
    let unpublished: Vec<_> = offers
        .iter()
        .filter(|(_, offer)| offer.status != ProductStatus::Published)
        .map(|(id, _)| *id)
        .collect();
    if unpublished.is_empty() {
        Ok(())
    } else {
        Err(ErrorKind::NotForSale(unpublished).into())
    }
}

fn lines(
    tx: &TenantTx,
    order: &NewOrder,
    offers: &BTreeMap<VariantId, Offer>,
) -> Result<Vec<OrderLine>, Error> {
    let mut lines: Vec<OrderLine> = Vec::with_capacity(order.lines.len());
    for (index, line) in order.lines.iter().enumerate() {
        let offer = offers.get(&line.variant_id).ok_or(ErrorKind::NotFound)?;
        let field = format_args!("lines[{index}]").to_string();
        let total = offer
            .price
            .try_mul(line.quantity)
            .map_err(|error| Error::invalid(&field, error))?;
        if lines
            .first()
            .is_some_and(|first| first.price.currency() != total.currency())
        {
            return Err(Error::invalid(&field, "is sold in another currency"));
        }
        lines.push(OrderLine {
            tenant_id: tx.tenant_id(),
            product_id: offer.stock.product_id,
            variant_id: line.variant_id,
            sku: offer.stock.sku.clone(),
            name: offer.stock.name.clone(),
            option_values: offer.option_values.clone(),
            price: offer.price,
            quantity: line.quantity,
            total,
            tracked: false,
        });
    }
    Ok(lines)
}

async fn insert(tx: &mut TenantTx, order: &Order) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO commerce_orders (tenant_id, id, number, status, \
         customer_id, currency, total, placed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    const LINE: &str = "INSERT INTO commerce_order_lines (tenant_id, order_id, position, \
         product_id, variant_id, sku, name, option_values, price, quantity, total, tracked) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(order.tenant_id.as_uuid())
            .bind(order.id.as_uuid())
            .bind(order.number)
            .bind(order.status.as_str())
            .bind(order.customer_id.map(CustomerId::as_uuid))
            .bind(order.total.currency().code())
            .bind(order.total.amount())
            .bind(order.placed_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })
    .map_err(|error| match error.kind() {
        // The customer, who was there before the pieces were taken, is gone by now.
        tenancy_core::ErrorKind::ForeignKeyViolation => {
            Error::with_source(ErrorKind::NotFound, error)
        }
        _ => error.into(),
    })?;
    for (position, line) in order.lines.iter().enumerate() {
        let option_values = to_json(&line.option_values);
        on_tx!(tx, |conn| {
            sqlx::query(LINE)
                .bind(order.tenant_id.as_uuid())
                .bind(order.id.as_uuid())
                .bind(position as i64)
                .bind(line.product_id.as_uuid())
                .bind(line.variant_id.as_uuid())
                .bind(&line.sku)
                .bind(&line.name)
                .bind(option_values)
                .bind(line.price.amount())
                .bind(line.quantity)
                .bind(line.total.amount())
                .bind(i64::from(line.tracked))
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}
