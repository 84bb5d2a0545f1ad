//! Taking pieces from the stock and giving them back, one conditional statement for each variant
//! and always in the order of their ids, so that two orders never wait for each other.

use std::collections::{BTreeMap, BTreeSet};

use tenancy_core::journal::Change;
use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use uuid::Uuid;

use crate::catalog::VariantId;
use crate::error::{Error, ErrorKind, Shortage};
use crate::order::OrderLine;
use crate::stock::{StockLevel, levels};

/// How many pieces of each variant, over all lines.
pub(super) type Pieces = BTreeMap<VariantId, i64>;

/// Takes the pieces and tells which variants have a count, or names every variant that lacks.
///
/// `read` is what the stock was before, locked by nobody; what it is now is answered with each
/// statement.
pub(super) async fn take(
    tx: &mut TenantTx,
    wanted: &Pieces,
    read: &BTreeMap<VariantId, StockLevel>,
) -> Result<BTreeSet<VariantId>, Error> {
    const TAKE: &str = "UPDATE commerce_stock SET on_hand = on_hand - $3 \
         WHERE tenant_id = $1 AND variant_id = $2 \
         AND (on_hand >= $3 OR on_hand IS NULL OR backorder = 1) RETURNING variant_id, on_hand";
    let mut short = Vec::new();
    let mut tracked = BTreeSet::new();
    for (&id, &pieces) in wanted {
        match change(tx, TAKE, id, pieces).await? {
            None => short.push(id),
            Some(left) => {
                if left.is_some() {
                    tracked.insert(id);
                }
                record(tx, read.get(&id), left, pieces);
            }
        }
    }
    if short.is_empty() {
        return Ok(tracked);
    }
    let left = levels(tx, short.iter().copied()).await?;
    let shortages = short.into_iter().map(|id| Shortage {
        variant_id: id,
        requested: wanted.get(&id).copied().unwrap_or_default(),
        available: left
            .iter()
            .find(|level| level.variant_id == id)
            .and_then(|level| level.on_hand)
            .map_or(0, |pieces| pieces.max(0)),
    });
    Err(ErrorKind::OutOfStock(shortages.collect()).into())
}

/// Gives back what was taken from a count. A variant that is gone takes nothing back.
pub(super) async fn give_back(tx: &mut TenantTx, lines: &[OrderLine]) -> Result<(), Error> {
    const GIVE: &str = "UPDATE commerce_stock SET on_hand = on_hand + $3 \
         WHERE tenant_id = $1 AND variant_id = $2 RETURNING variant_id, on_hand";
    let mut taken = Pieces::new();
    for line in lines.iter().filter(|line| line.tracked) {
        *taken.entry(line.variant_id).or_default() += line.quantity;
    }
    if taken.is_empty() {
        return Ok(());
    }
    let read: BTreeMap<_, _> = levels(tx, taken.keys().copied())
        .await?
        .into_iter()
        .map(|level| (level.variant_id, level))
        .collect();
    for (&id, &pieces) in &taken {
        if let Some(left) = change(tx, GIVE, id, pieces).await? {
            record(tx, read.get(&id), left, -pieces);
        }
    }
    Ok(())
}

/// What is on hand afterwards, or nothing where the condition did not hold.
async fn change(
    tx: &mut TenantTx,
    statement: &'static str,
    id: VariantId,
    pieces: i64,
) -> Result<Option<Option<i64>>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let row: Option<(Uuid, Option<i64>)> = on_tx!(tx, |conn| {
        sqlx::query_as(statement)
            .bind(tenant)
            .bind(id.as_uuid())
            .bind(pieces)
            .fetch_optional(conn)
            .await
    })?;
    Ok(row.map(|(_, on_hand)| on_hand))
}

/// Journals a count that changed. What is not tracked has none.
fn record(tx: &mut TenantTx, read: Option<&StockLevel>, left: Option<i64>, taken: i64) {
    if let (Some(read), Some(left)) = (read, left) {
        let after = StockLevel {
            on_hand: Some(left),
            ..read.clone()
        };
        let before = StockLevel {
            on_hand: Some(left.saturating_add(taken)),
            ..read.clone()
        };
        tx.record(Change::updated(&before, &after));
    }
}
