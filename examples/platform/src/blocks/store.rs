use std::time::Duration;

use ipnet::IpNet;
use tenancy_core::journal::Change;
use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, TenantId, on_tx};
use tenancy_security::block::Effect;
use uuid::Uuid;

use super::record::{self, BlockRecord};

/// The most entries that one page of the list has.
const PAGE_ROWS: i64 = 1000;

/// How long an entry that is over stays, so that whoever comes back is blocked for longer.
const KEPT: Duration = Duration::from_secs(24 * 3600);

#[derive(sqlx::FromRow)]
struct BlockRow {
    id: Uuid,
    tenant_id: Option<Uuid>,
    network: String,
    effect: String,
    reason: String,
    created_at: i64,
    ends_at: Option<i64>,
}

impl TryFrom<BlockRow> for BlockRecord {
    type Error = Error;

    fn try_from(row: BlockRow) -> Result<Self, Error> {
        let corrupt = |what: &str| Error::with_source(ErrorKind::Corrupt, what.to_owned());
        let network = row.network.parse();
        Ok(Self {
            network: network.map_err(|_| corrupt("a block's network is none"))?,
            tenant_id: row.tenant_id.map(TenantId::from),
            effect: record::known(&row.effect).ok_or_else(|| corrupt("a block has no effect"))?,
            reason: row.reason,
            created_at: Time::from_microseconds(row.created_at),
            until: row.ends_at.map(Time::from_microseconds),
        })
    }
}

/// How often the list was changed.
pub(super) async fn revision(tx: &mut PlatformTx) -> Result<i64, Error> {
    const REVISION: &str = "SELECT revision FROM platform_block_changes";
    on_tx!(tx, |conn| {
        sqlx::query_scalar(REVISION).fetch_one(conn).await
    })
}

/// Puts an entry into the list, in place of one with the same network, tenant and effect.
pub(crate) async fn put(tx: &mut PlatformTx, record: &BlockRecord) -> Result<(), Error> {
    lock(tx).await?;
    let before = take(tx, record.network, record.tenant_id, record.effect).await?;
    insert(tx, record).await?;
    let change = match &before {
        Some(before) => Change::updated(before, record),
        None => Change::created(record),
    };
    tx.record(record.tenant_id, change);
    sweep(tx).await
}

/// The same for what a server decided on, which never shortens an entry.
pub(super) async fn ban(tx: &mut PlatformTx, record: &BlockRecord) -> Result<(), Error> {
    lock(tx).await?;
    let before = take(tx, record.network, record.tenant_id, record.effect).await?;
    let ends_later = |before: &BlockRecord| match (before.until, record.until) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(known), Some(until)) => known >= until,
    };
    match before {
        Some(before) if ends_later(&before) => insert(tx, &before).await?,
        before => {
            insert(tx, record).await?;
            let change = match &before {
                Some(before) => Change::updated(before, record),
                None => Change::created(record),
            };
            tx.record(record.tenant_id, change);
        }
    }
    sweep(tx).await
}

async fn insert(tx: &mut PlatformTx, record: &BlockRecord) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO platform_blocks \
         (id, tenant_id, network, effect, reason, created_at, ends_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(Uuid::now_v7())
            .bind(record.tenant_id.map(TenantId::as_uuid))
            .bind(record.network.to_string())
            .bind(record.effect)
            .bind(&record.reason)
            .bind(record.created_at.as_microseconds())
            .bind(record.until.map(Time::as_microseconds))
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Takes an entry out of the list; returns whether it was there.
pub(crate) async fn remove(
    tx: &mut PlatformTx,
    network: IpNet,
    tenant: Option<TenantId>,
    effect: Effect,
) -> Result<bool, Error> {
    lock(tx).await?;
    let Some(before) = take(tx, network, tenant, record::name(effect)).await? else {
        return Ok(false);
    };
    tx.record(tenant, Change::deleted(&before));
    Ok(true)
}

/// All entries that are not over, of the platform and of all shops.
pub(crate) async fn list(tx: &mut PlatformTx) -> Result<Vec<BlockRecord>, Error> {
    ending_after(tx, Time::now()).await
}

/// The same with those that have been over for less than a while.
pub(super) async fn kept(tx: &mut PlatformTx) -> Result<Vec<BlockRecord>, Error> {
    ending_after(tx, kept_since()).await
}

async fn ending_after(tx: &mut PlatformTx, end: Time) -> Result<Vec<BlockRecord>, Error> {
    const LIST: &str = "SELECT id, tenant_id, network, effect, reason, created_at, ends_at \
         FROM platform_blocks WHERE id > $1 AND (ends_at IS NULL OR ends_at > $2) \
         ORDER BY id LIMIT $3";
    let (mut all, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let page: Vec<BlockRow> = on_tx!(tx, |conn| {
            sqlx::query_as(LIST)
                .bind(after)
                .bind(end.as_microseconds())
                .bind(PAGE_ROWS)
                .fetch_all(conn)
                .await
        })?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after = last.id;
        for row in page {
            all.push(row.try_into()?);
        }
    }
}

/// Counts a change, and keeps others from making one at the same time.
async fn lock(tx: &mut PlatformTx) -> Result<(), Error> {
    const COUNT: &str = "UPDATE platform_block_changes SET revision = revision + 1";
    on_tx!(tx, |conn| {
        sqlx::query(COUNT)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

async fn take(
    tx: &mut PlatformTx,
    network: IpNet,
    tenant: Option<TenantId>,
    effect: &'static str,
) -> Result<Option<BlockRecord>, Error> {
    // Not `tenant_id IS $1`, which PostgreSQL has for constants only.
    const OF_TENANT: &str = "DELETE FROM platform_blocks \
         WHERE tenant_id = $1 AND network = $2 AND effect = $3 \
         RETURNING id, tenant_id, network, effect, reason, created_at, ends_at";
    const OF_PLATFORM: &str = "DELETE FROM platform_blocks \
         WHERE tenant_id IS NULL AND network = $1 AND effect = $2 \
         RETURNING id, tenant_id, network, effect, reason, created_at, ends_at";
    let network = network.to_string();
    let taken: Option<BlockRow> = match tenant {
        Some(tenant) => on_tx!(tx, |conn| {
            sqlx::query_as(OF_TENANT)
                .bind(tenant.as_uuid())
                .bind(&network)
                .bind(effect)
                .fetch_optional(conn)
                .await
        })?,
        None => on_tx!(tx, |conn| {
            sqlx::query_as(OF_PLATFORM)
                .bind(&network)
                .bind(effect)
                .fetch_optional(conn)
                .await
        })?,
    };
    taken.map(BlockRecord::try_from).transpose()
}

/// What ended before has been over for a while.
fn kept_since() -> Time {
    let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    Time::from_microseconds(Time::now().as_microseconds() - kept)
}

/// Deletes what has been over for a while.
async fn sweep(tx: &mut PlatformTx) -> Result<(), Error> {
    const SWEEP: &str = "DELETE FROM platform_blocks WHERE ends_at < $1";
    let before = kept_since().as_microseconds();
    on_tx!(tx, |conn| {
        sqlx::query(SWEEP)
            .bind(before)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}
