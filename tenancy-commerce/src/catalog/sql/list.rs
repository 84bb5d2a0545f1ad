//! Pages of products.

use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use tenancy_core::sql::filter::Query;
use tenancy_core::time::Time;

use super::load::{self, ProductRow};
use crate::catalog::query::Key;
use crate::catalog::{CategoryRef, Position, Product, ProductId, ProductQuery, Sort};
use crate::error::Error;
use crate::page::{Limit, Page};
use crate::sql::push_search;

/// How much JSON a page holds before no further product is added: a page of large products is
/// shorter than its limit, and one product always has room.
const PAGE_BYTES_MAX: i64 = 4 * 1024 * 1024;

/// A row, and how large the page is up to and with it.
#[derive(sqlx::FromRow)]
struct SizedRow {
    #[sqlx(flatten)]
    product: ProductRow,
    total: i64,
}

pub(super) async fn page(
    tx: &mut TenantTx,
    query: &ProductQuery,
) -> Result<Page<Product, Position>, Error> {
    let statement = statement(tx.tenant_id().as_uuid(), query)?;
    read(tx, &statement, query.limit, |row| row.position(query.sort)).await
}

pub(super) async fn export(
    tx: &mut TenantTx,
    after: Option<ProductId>,
    limit: Limit,
) -> Result<Page<Product, ProductId>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let mut statement = Query::new("WITH page AS (", []);
    statement.push(load::SELECT, []);
    statement.push(" WHERE tenant_id = ?", [tenant.into()]);
    if let Some(after) = after {
        statement.push(" AND id > ?", [after.as_uuid().into()]);
    }
    push_cut(&mut statement, " ORDER BY id", limit);
    read(tx, &statement, limit, |row| row.id.into()).await
}

async fn read<P>(
    tx: &mut TenantTx,
    statement: &Query,
    limit: Limit,
    place: impl Fn(&ProductRow) -> P,
) -> Result<Page<Product, P>, Error> {
    let rows: Vec<SizedRow> = on_tx!(tx, |conn| statement.query_as()?.fetch_all(conn).await)?;
    let full = rows.last().is_some_and(|last| last.total >= PAGE_BYTES_MAX);
    let rows = rows.into_iter().map(|row| row.product).collect();
    let mut page = Page::cut(rows, limit, &place);
    if full && page.next.is_none() {
        page.next = page.items.last().map(place);
    }
    let rows = std::mem::take(&mut page.items);
    let items = load::with_parts(tx, rows).await?;
    Ok(page.with_items(items))
}

fn statement(tenant: uuid::Uuid, query: &ProductQuery) -> Result<Query, Error> {
    let mut statement = Query::new("WITH page AS (", []);
    statement.push(load::SELECT, []);
    statement.push(" WHERE tenant_id = ?", [tenant.into()]);
    if let Some(status) = query.status {
        statement.push(" AND status = ?", [status.as_str().into()]);
    }
    match query.featured {
        None => {}
        // A constant, so that the index on what is featured can be used.
        Some(true) => statement.push(" AND featured = 1", []),
        Some(false) => statement.push(" AND featured = 0", []),
    }
    if let Some(category) = &query.category {
        push_category(&mut statement, tenant, category);
    }
    if let Some(words) = &query.q {
        push_search(&mut statement, words);
    }
    if let Some(in_stock) = query.in_stock {
        statement.push(
            if in_stock {
                " AND EXISTS (SELECT 1 FROM commerce_stock AS stock WHERE stock.tenant_id = ? \
                 AND stock.product_id = commerce_products.id AND (stock.on_hand > 0 \
                 OR stock.on_hand IS NULL OR stock.backorder = 1))"
            } else {
                " AND NOT EXISTS (SELECT 1 FROM commerce_stock AS stock \
                 WHERE stock.tenant_id = ? AND stock.product_id = commerce_products.id \
                 AND (stock.on_hand > 0 OR stock.on_hand IS NULL OR stock.backorder = 1))"
            },
            [tenant.into()],
        );
    }
    if let Some(position) = &query.after {
        push_after(&mut statement, query.sort, position)?;
    }
    let order = match query.sort {
        Sort::Name => " ORDER BY name_key, id",
        Sort::Newest => " ORDER BY created_at DESC, id DESC",
        Sort::Price => " ORDER BY price_from, id",
        Sort::PriceDown => " ORDER BY price_from DESC, id DESC",
    };
    push_cut(&mut statement, order, query.limit);
    Ok(statement)
}

/// Ends the statement of a page: the first rows in an order, up to the one that fills it.
fn push_cut(statement: &mut Query, order: &'static str, limit: Limit) {
    statement.push(order, []);
    statement.push(
        " LIMIT ?), sized AS (SELECT page.*, CAST(SUM(size_bytes) OVER (",
        [limit.with_one_more().into()],
    );
    statement.push(order, []);
    statement.push(
        ") AS BIGINT) AS total FROM page) SELECT * FROM sized WHERE total - size_bytes < ?",
        [PAGE_BYTES_MAX.into()],
    );
    statement.push(order, []);
}

/// The category and all below it. `UNION` drops what was seen, so it ends whatever is stored.
fn push_category(statement: &mut Query, tenant: uuid::Uuid, category: &CategoryRef) {
    statement.push(
        " AND id IN (SELECT product_id FROM commerce_product_categories WHERE tenant_id = ? \
         AND category_id IN (WITH RECURSIVE below (id) AS \
         (SELECT id FROM commerce_categories WHERE tenant_id = ?",
        [tenant.into(), tenant.into()],
    );
    match category {
        CategoryRef::Id(id) => statement.push(" AND id = ?", [id.as_uuid().into()]),
        CategoryRef::Slug(slug) => statement.push(" AND slug = ?", [slug.as_str().into()]),
    }
    statement.push(
        " UNION SELECT child.id FROM commerce_categories AS child \
         JOIN below ON child.parent_id = below.id WHERE child.tenant_id = ?) \
         SELECT id FROM below))",
        [tenant.into()],
    );
}

fn push_after(statement: &mut Query, sort: Sort, position: &Position) -> Result<(), Error> {
    if position.sort() != sort {
        return Err(Error::invalid(
            "cursor",
            "belongs to a list in another order",
        ));
    }
    let id = position.id.as_uuid().into();
    match &position.key {
        Key::Name(name) => {
            statement.push(" AND (name_key, id) > (?, ?)", [name.as_str().into(), id]);
        }
        Key::Newest(at) => statement.push(
            " AND (created_at, id) < (?, ?)",
            [at.as_microseconds().into(), id],
        ),
        Key::Price(amount) => {
            statement.push(" AND (price_from, id) > (?, ?)", [(*amount).into(), id]);
        }
        Key::PriceDown(amount) => {
            statement.push(" AND (price_from, id) < (?, ?)", [(*amount).into(), id]);
        }
    }
    Ok(())
}

impl ProductRow {
    fn position(&self, sort: Sort) -> Position {
        let key = match sort {
            Sort::Name => Key::Name(self.name_key.clone()),
            Sort::Newest => Key::Newest(Time::from_microseconds(self.created_at)),
            Sort::Price => Key::Price(self.price_from),
            Sort::PriceDown => Key::PriceDown(self.price_from),
        };
        Position {
            key,
            id: self.id.into(),
        }
    }
}
