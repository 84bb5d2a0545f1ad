use std::collections::HashMap;
use std::time::Duration;

use ipnet::IpNet;
use tenancy_core::journal::Change;
use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, TenantId, on_tx};
use tenancy_security::block::{BlockList, Effect};
use uuid::Uuid;

use super::record::{self, BlockRecord};

/// The most entries that one page of the list has.
const PAGE_ROWS: i64 = 1000;

/// How many bans one shop may have, or the platform: half of what a server knows of a shop, so that those who
/// are banned crowd out nothing that was entered.
const BANS_OF_SHOP_MAX: usize = BlockList::TENANT_ENTRIES_MAX / 2;

/// How many there may be of all shops: each server reads them anew with each change.
const BANS_MAX: usize = 20_000;

/// How many entries that are no bans one shop may have.
const ENTERED_OF_SHOP_MAX: usize = BlockList::TENANT_ENTRIES_MAX - BANS_OF_SHOP_MAX;

/// The same for the platform.
const ENTERED_OF_PLATFORM_MAX: usize = BlockList::ENTRIES_MAX - BANS_OF_SHOP_MAX;

/// How long an entry that is over stays, so that servers whose clocks differ agree about it.
const KEPT: Duration = Duration::from_secs(60);

/// How long a ban that is over stays where there is room, so that whoever comes back is blocked for longer.
const BAN_KEPT: Duration = Duration::from_secs(24 * 3600);

#[derive(sqlx::FromRow)]
struct BlockRow {
    id: Uuid,
    tenant_id: Option<Uuid>,
    network: String,
    effect: String,
    reason: String,
    created_at: i64,
    ends_at: Option<i64>,
    is_ban: i64,
}

#[derive(sqlx::FromRow)]
struct BansRow {
    tenant_id: Option<Uuid>,
    bans: i64,
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
            is_ban: row.is_ban != 0,
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
///
/// Fails where the shop, or the platform, has as many as a server can know.
pub(crate) async fn put(tx: &mut PlatformTx, record: &BlockRecord) -> Result<(), Error> {
    lock(tx).await?;
    sweep(tx, BAN_KEPT).await?;
    let before = take(tx, record.network, record.tenant_id, record.effect).await?;
    let (entered, most) = match record.tenant_id {
        Some(tenant) => (entered_of_shop(tx, tenant).await?, ENTERED_OF_SHOP_MAX),
        None => (entered_of_platform(tx).await?, ENTERED_OF_PLATFORM_MAX),
    };
    if entered >= most {
        let whose = match record.tenant_id {
            Some(_) => "a tenant has",
            None => "the platform has",
        };
        return Err(Error::with_source(
            ErrorKind::InvalidInput,
            format!("{whose} at most {most} entries that are in force"),
        ));
    }
    insert(tx, record).await?;
    let change = match &before {
        Some(before) => Change::updated(before, record),
        None => Change::created(record),
    };
    tx.record(record.tenant_id, change);
    count_change(tx).await
}

/// The same for what a server decided on, which shortens no entry and has a part of the list. Returns how
/// many found no room in it.
pub(super) async fn ban(tx: &mut PlatformTx, bans: &[BlockRecord]) -> Result<usize, Error> {
    lock(tx).await?;
    sweep(tx, BAN_KEPT).await?;
    let mut room = Room::left(tx).await?;
    if !room.has(bans) {
        // Better to forget who was here than to let in who is.
        sweep(tx, KEPT).await?;
        room = Room::left(tx).await?;
    }
    let (mut changes, mut left_out) = (0, 0);
    for ban in bans {
        match take(tx, ban.network, ban.tenant_id, ban.effect).await? {
            Some(before) if ends_later(&before, ban) => insert(tx, &before).await?,
            Some(before) => {
                let longer = BlockRecord {
                    is_ban: before.is_ban,
                    ..ban.clone()
                };
                insert(tx, &longer).await?;
                changes += 1;
                tx.record(ban.tenant_id, Change::updated(&before, &longer));
            }
            None if room.take(ban.tenant_id) => {
                insert(tx, ban).await?;
                changes += 1;
                tx.record(ban.tenant_id, Change::created(ban));
            }
            None => left_out += 1,
        }
    }
    if changes > 0 {
        count_change(tx).await?;
    }
    Ok(left_out)
}

fn ends_later(known: &BlockRecord, ban: &BlockRecord) -> bool {
    match (known.until, ban.until) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(known), Some(until)) => known >= until,
    }
}

/// How many bans there are, by shop.
#[derive(Clone)]
struct Room(HashMap<Option<TenantId>, usize>);

impl Room {
    async fn left(tx: &mut PlatformTx) -> Result<Self, Error> {
        const BANS: &str = "SELECT tenant_id, COUNT(*) AS bans FROM platform_blocks \
             WHERE is_ban = 1 GROUP BY tenant_id";
        let rows: Vec<BansRow> = on_tx!(tx, |conn| sqlx::query_as(BANS).fetch_all(conn).await)?;
        let bans = rows.into_iter().map(|row| {
            let bans = usize::try_from(row.bans).unwrap_or(usize::MAX);
            (row.tenant_id.map(TenantId::from), bans)
        });
        Ok(Self(bans.collect()))
    }

    fn has(&self, bans: &[BlockRecord]) -> bool {
        let mut room = self.clone();
        bans.iter().all(|ban| room.take(ban.tenant_id))
    }

    /// Whether there was room for one more.
    fn take(&mut self, tenant: Option<TenantId>) -> bool {
        let all: usize = self.0.values().sum();
        let own = self.0.entry(tenant).or_default();
        let has_room = *own < BANS_OF_SHOP_MAX && all < BANS_MAX;
        *own += usize::from(has_room);
        has_room
    }
}

async fn entered_of_shop(tx: &mut PlatformTx, tenant: TenantId) -> Result<usize, Error> {
    const ENTERED: &str =
        "SELECT COUNT(*) FROM platform_blocks WHERE tenant_id = $1 AND is_ban = 0";
    let entered: i64 = on_tx!(tx, |conn| {
        sqlx::query_scalar(ENTERED)
            .bind(tenant.as_uuid())
            .fetch_one(conn)
            .await
    })?;
    Ok(usize::try_from(entered).unwrap_or_default())
}

async fn entered_of_platform(tx: &mut PlatformTx) -> Result<usize, Error> {
    const ENTERED: &str =
        "SELECT COUNT(*) FROM platform_blocks WHERE tenant_id IS NULL AND is_ban = 0";
    let entered: i64 = on_tx!(tx, |conn| {
        sqlx::query_scalar(ENTERED).fetch_one(conn).await
    })?;
    Ok(usize::try_from(entered).unwrap_or_default())
}

async fn insert(tx: &mut PlatformTx, record: &BlockRecord) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO platform_blocks \
         (id, tenant_id, network, effect, reason, created_at, ends_at, is_ban) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(Uuid::now_v7())
            .bind(record.tenant_id.map(TenantId::as_uuid))
            .bind(record.network.to_string())
            .bind(record.effect)
            .bind(&record.reason)
            .bind(record.created_at.as_microseconds())
            .bind(record.until.map(Time::as_microseconds))
            .bind(i64::from(record.is_ban))
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
    count_change(tx).await?;
    Ok(true)
}

/// All entries that are not over, of the platform and of all shops: those that were entered first.
pub(crate) async fn list(tx: &mut PlatformTx) -> Result<Vec<BlockRecord>, Error> {
    ending_after(tx, Time::now()).await
}

/// The same, and then those that have been over for less than a while.
pub(super) async fn kept(tx: &mut PlatformTx) -> Result<Vec<BlockRecord>, Error> {
    let mut kept = ending_after(tx, before(BAN_KEPT)).await?;
    let now = Time::now();
    kept.sort_by_key(|record| record.until.is_some_and(|until| until <= now));
    Ok(kept)
}

async fn ending_after(tx: &mut PlatformTx, end: Time) -> Result<Vec<BlockRecord>, Error> {
    const LIST: &str = "SELECT id, tenant_id, network, effect, reason, created_at, ends_at, is_ban \
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
            all.sort_by_key(|record: &BlockRecord| record.is_ban);
            return Ok(all);
        };
        after = last.id;
        for row in page {
            all.push(row.try_into()?);
        }
    }
}

/// Keeps others from changing the list at the same time.
async fn lock(tx: &mut PlatformTx) -> Result<(), Error> {
    const LOCK: &str = "UPDATE platform_block_changes SET revision = revision";
    on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Counts a change, so that every server reads the list anew.
async fn count_change(tx: &mut PlatformTx) -> Result<(), Error> {
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
         RETURNING id, tenant_id, network, effect, reason, created_at, ends_at, is_ban";
    const OF_PLATFORM: &str = "DELETE FROM platform_blocks \
         WHERE tenant_id IS NULL AND network = $1 AND effect = $2 \
         RETURNING id, tenant_id, network, effect, reason, created_at, ends_at, is_ban";
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

fn before(time: Duration) -> Time {
    let time = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Time::from_microseconds(Time::now().as_microseconds() - time)
}

/// Deletes what has been over for a while, and bans that have been for so long.
async fn sweep(tx: &mut PlatformTx, bans_kept: Duration) -> Result<(), Error> {
    const SWEEP: &str =
        "DELETE FROM platform_blocks WHERE ends_at < $1 AND (is_ban = 0 OR ends_at < $2)";
    on_tx!(tx, |conn| {
        sqlx::query(SWEEP)
            .bind(before(KEPT).as_microseconds())
            .bind(before(bans_kept).as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}
