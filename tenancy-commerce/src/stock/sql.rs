use tenancy_core::journal::Change;
use tenancy_core::sql::filter::Query;
use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::{TenantId, TenantScope, on_tx};
use uuid::Uuid;

use super::{Stock, StockDraft, StockLevel, StockQuery};
use crate::catalog::VariantId;
use crate::error::{Error, ErrorKind, Shortage};
use crate::page::Page;
use crate::patch::Patch;
use crate::sql::push_ids;

const SELECT: &str = "SELECT stock.variant_id, stock.product_id, variant.sku, product.name, \
     stock.on_hand, stock.reorder_point, stock.backorder FROM commerce_stock AS stock \
     JOIN commerce_product_variants AS variant ON variant.tenant_id = stock.tenant_id \
     AND variant.id = stock.variant_id \
     JOIN commerce_products AS product ON product.tenant_id = stock.tenant_id \
     AND product.id = stock.product_id WHERE stock.tenant_id = ?";

/// A [`Stock`] in PostgreSQL or SQLite, in the same tables as
/// [`SqlCatalog`](crate::catalog::SqlCatalog).
///
/// The functions that end in `_in` work inside a transaction of the caller's, who commits it, and
/// who must not commit it after one of them failed.
#[derive(Clone, Debug)]
pub struct SqlStock {
    database: Database,
}

impl SqlStock {
    /// The stock in this database, which must know [`MIGRATIONS`](crate::MIGRATIONS).
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }

    /// See [`Stock::list`].
    pub async fn list_in(
        tx: &mut TenantTx,
        query: &StockQuery,
    ) -> Result<Page<StockLevel, VariantId>, Error> {
        let tenant = tx.tenant_id();
        let mut statement = Query::new(SELECT, [tenant.as_uuid().into()]);
        if let Some(product) = query.product_id {
            statement.push(" AND stock.product_id = ?", [product.as_uuid().into()]);
        }
        if query.low {
            statement.push(" AND stock.on_hand <= stock.reorder_point", []);
        }
        if let Some(after) = query.after {
            statement.push(" AND stock.variant_id > ?", [after.as_uuid().into()]);
        }
        statement.push(
            " ORDER BY stock.variant_id LIMIT ?",
            [query.limit.with_one_more().into()],
        );
        let rows: Vec<StockRow> = on_tx!(tx, |conn| statement.query_as()?.fetch_all(conn).await)?;
        let levels = rows.into_iter().map(|row| row.level(tenant)).collect();
        Ok(Page::cut(levels, query.limit, |level| level.variant_id))
    }

    /// See [`Stock::find`].
    pub async fn find_in(tx: &mut TenantTx, id: VariantId) -> Result<StockLevel, Error> {
        levels(tx, [id])
            .await?
            .pop()
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// See [`Stock::set`].
    pub async fn set_in(
        tx: &mut TenantTx,
        id: VariantId,
        draft: &StockDraft,
    ) -> Result<StockLevel, Error> {
        lock(tx, id).await?;
        let before = Self::find_in(tx, id).await?;
        set(tx, &before, draft).await
    }

    /// See [`Stock::patch`].
    pub async fn patch_in(
        tx: &mut TenantTx,
        id: VariantId,
        patch: &Patch<StockDraft>,
    ) -> Result<StockLevel, Error> {
        lock(tx, id).await?;
        let before = Self::find_in(tx, id).await?;
        let draft = patch.apply(&before.to_draft())?;
        set(tx, &before, &draft).await
    }

    /// See [`Stock::adjust`].
    pub async fn adjust_in(
        tx: &mut TenantTx,
        id: VariantId,
        pieces: i64,
    ) -> Result<StockLevel, Error> {
        lock(tx, id).await?;
        let before = Self::find_in(tx, id).await?;
        let Some(available) = before.on_hand else {
            return Err(Error::invalid("on_hand", "is not tracked"));
        };
        let on_hand = available
            .checked_add(pieces)
            .ok_or_else(|| Error::invalid("on_hand", "is too large"))?;
        if pieces < 0 && on_hand < 0 && !before.backorder {
            return Err(ErrorKind::OutOfStock(vec![Shortage {
                variant_id: id,
                requested: pieces.saturating_neg(),
                available,
            }])
            .into());
        }
        let draft = StockDraft {
            on_hand: Some(on_hand),
            ..before.to_draft()
        };
        set(tx, &before, &draft).await
    }
}

/// Writes what is otherwise than before; the caller holds the lock.
async fn set(
    tx: &mut TenantTx,
    before: &StockLevel,
    draft: &StockDraft,
) -> Result<StockLevel, Error> {
    const SET: &str = "UPDATE commerce_stock SET on_hand = $3, reorder_point = $4, \
         backorder = $5 WHERE tenant_id = $1 AND variant_id = $2";
    if draft.reorder_point.is_some_and(|pieces| pieces < 0) {
        return Err(Error::invalid("reorder_point", "must not be negative"));
    }
    if before.to_draft() == *draft {
        return Ok(before.clone());
    }
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(SET)
            .bind(tenant)
            .bind(before.variant_id.as_uuid())
            .bind(draft.on_hand)
            .bind(draft.reorder_point)
            .bind(i64::from(draft.backorder))
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    let after = StockLevel {
        on_hand: draft.on_hand,
        reorder_point: draft.reorder_point,
        backorder: draft.backorder,
        ..before.clone()
    };
    tx.record(Change::updated(before, &after));
    Ok(after)
}

/// Keeps others from changing the level until the transaction ends, or tells that there is none.
async fn lock(tx: &mut TenantTx, id: VariantId) -> Result<(), Error> {
    const LOCK: &str = "UPDATE commerce_stock SET backorder = backorder \
         WHERE tenant_id = $1 AND variant_id = $2";
    let tenant = tx.tenant_id().as_uuid();
    let locked = on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .bind(tenant)
            .bind(id.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    if locked == 1 {
        Ok(())
    } else {
        Err(ErrorKind::NotFound.into())
    }
}

/// The levels of these variants, in the order of their ids.
pub(crate) async fn levels(
    tx: &mut TenantTx,
    ids: impl IntoIterator<Item = VariantId>,
) -> Result<Vec<StockLevel>, Error> {
    let tenant = tx.tenant_id();
    let mut query = Query::new(SELECT, [tenant.as_uuid().into()]);
    push_ids(
        &mut query,
        " AND stock.variant_id IN",
        ids.into_iter().map(VariantId::as_uuid),
    );
    query.push(" ORDER BY stock.variant_id", []);
    let rows: Vec<StockRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    Ok(rows.into_iter().map(|row| row.level(tenant)).collect())
}

#[derive(sqlx::FromRow)]
struct StockRow {
    variant_id: Uuid,
    product_id: Uuid,
    sku: Option<String>,
    name: String,
    on_hand: Option<i64>,
    reorder_point: Option<i64>,
    backorder: i64,
}

impl StockRow {
    fn level(self, tenant_id: TenantId) -> StockLevel {
        StockLevel {
            tenant_id,
            variant_id: self.variant_id.into(),
            product_id: self.product_id.into(),
            sku: self.sku,
            name: self.name,
            on_hand: self.on_hand,
            reorder_point: self.reorder_point,
            backorder: self.backorder == 1,
        }
    }
}

impl Stock for SqlStock {
    async fn list(
        &self,
        scope: &TenantScope,
        query: &StockQuery,
    ) -> Result<Page<StockLevel, VariantId>, Error> {
        let mut tx = self.database.read(scope).await?;
        let page = Self::list_in(&mut tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn find(&self, scope: &TenantScope, id: VariantId) -> Result<StockLevel, Error> {
        let mut tx = self.database.read(scope).await?;
        let level = Self::find_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(level)
    }

    async fn set(
        &self,
        scope: &TenantScope,
        id: VariantId,
        draft: &StockDraft,
    ) -> Result<StockLevel, Error> {
        let mut tx = self.database.write(scope).await?;
        let level = Self::set_in(&mut tx, id, draft).await?;
        tx.commit().await?;
        Ok(level)
    }

    async fn patch(
        &self,
        scope: &TenantScope,
        id: VariantId,
        patch: &Patch<StockDraft>,
    ) -> Result<StockLevel, Error> {
        let mut tx = self.database.write(scope).await?;
        let level = Self::patch_in(&mut tx, id, patch).await?;
        tx.commit().await?;
        Ok(level)
    }

    async fn adjust(
        &self,
        scope: &TenantScope,
        id: VariantId,
        pieces: i64,
    ) -> Result<StockLevel, Error> {
        let mut tx = self.database.write(scope).await?;
        let level = Self::adjust_in(&mut tx, id, pieces).await?;
        tx.commit().await?;
        Ok(level)
    }
}
