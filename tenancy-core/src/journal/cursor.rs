//! One consumer's place in one tenant's journal.

use std::slice;
use std::time::Duration;

use uuid::Uuid;

use super::consumer::{DynConsumer, Retry};
use super::entry::{Entry, EntryRow};
use crate::error::Error;
use crate::on_tx;
use crate::scope::TenantScope;
use crate::sql::{Database, TenantTx};
use crate::time::Time;

/// Entries handed over under one lease.
const BATCH: i64 = 100;

/// The first and the longest wait after a failure.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));

/// What one run of a worker keeps others from its places with.
///
/// It lasts twice as long as one handling can take, since it is renewed after each failure and each
/// look at the journal. The run itself may take a place again at once, so a database that went away
/// and came back costs no wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    id: Uuid,
    handling: Duration,
}

impl Lease {
    /// For a run in which one entry may take as long as `handling`.
    pub(super) fn new(handling: Duration) -> Self {
        Self {
            id: Uuid::now_v7(),
            handling,
        }
    }
}

/// A place that this run holds for a while.
struct Place {
    sequence: i64,
    attempts: i64,
}

/// Hands a tenant's entries to a consumer until there are no more or one cannot be taken; says
/// whether everything was taken.
pub(super) async fn follow(
    database: &Database,
    scope: &TenantScope,
    consumer: &dyn DynConsumer,
    lease: Lease,
) -> Result<bool, Error> {
    retry_parked(database, scope, consumer, lease).await?;
    loop {
        let mut tx = database.write(scope).await?;
        let Some(mut place) = claim(&mut tx, consumer.name(), lease).await? else {
            tx.roll_back().await?;
            return Ok(false);
        };
        let entries = next_entries(&mut tx, place.sequence).await?;
        tx.commit().await?;
        let last_batch = (entries.len() as i64) < BATCH;
        let began = std::time::Instant::now();
        let mut failure = None;
        let mut rest = &entries[..];
        // So many go by themselves, to find out which of them cannot be taken.
        let mut alone = usize::from(place.attempts > 0);
        while !rest.is_empty() {
            let together = match alone {
                0 => consumer.batch().clamp(1, rest.len()),
                _ => 1,
            };
            let (batch, behind) = rest.split_at(together);
            let last = batch.last().and_then(|entry| entry.sequence);
            let sequence = last.unwrap_or(place.sequence);
            match handle(consumer, scope, batch, lease).await {
                Ok(()) => (place.sequence, place.attempts) = (sequence, 0),
                Err(_) if together > 1 && began.elapsed() < lease.handling => {
                    alone = together;
                    continue;
                }
                Err(error) => {
                    place.attempts += 1;
                    match consumer.retry() {
                        Retry::Park { attempts }
                            if together == 1 && place.attempts >= i64::from(attempts) =>
                        {
                            park(database, scope, consumer.name(), sequence, &error).await?;
                            (place.sequence, place.attempts) = (sequence, 0);
                        }
                        Retry::Park { .. } | Retry::Forever => {
                            failure = Some(error);
                            break;
                        }
                    }
                }
            }
            (rest, alone) = (behind, alone.saturating_sub(1));
            if began.elapsed() > lease.handling {
                break; // the lease would run out: give it back and claim it anew
            }
        }
        let all_handled = entries.last().and_then(|entry| entry.sequence) <= Some(place.sequence);
        release(
            database,
            scope,
            consumer.name(),
            lease,
            &place,
            failure.as_deref(),
        )
        .await?;
        if failure.is_some() {
            return Ok(false);
        }
        if last_batch && all_handled {
            return Ok(true);
        }
    }
}

async fn handle(
    consumer: &dyn DynConsumer,
    scope: &TenantScope,
    entries: &[Entry],
    lease: Lease,
) -> Result<(), String> {
    match tokio::time::timeout(lease.handling, consumer.handle_batch(scope, entries)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("not handled within {:?}", lease.handling)),
    }
}

/// Takes the place if it is free or this run's own, and not waiting to be tried again.
async fn claim(tx: &mut TenantTx, consumer: &str, lease: Lease) -> Result<Option<Place>, Error> {
    const FIRST: &str = "INSERT INTO tenancy_journal_cursors \
         (tenant_id, consumer, sequence, attempts, retry_at, leased_until) \
         VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT (tenant_id, consumer) DO NOTHING";
    const CLAIM: &str = "UPDATE tenancy_journal_cursors SET lease = $3, leased_until = $4 \
         WHERE tenant_id = $1 AND consumer = $2 AND (leased_until <= $5 OR lease = $3) \
         AND retry_at <= $5 RETURNING sequence, attempts";
    let (tenant, now) = (tx.tenant_id().as_uuid(), Time::now());
    on_tx!(tx, |conn| {
        sqlx::query(FIRST)
            .bind(tenant)
            .bind(consumer)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    let row: Option<(i64, i64)> = on_tx!(tx, |conn| {
        sqlx::query_as(CLAIM)
            .bind(tenant)
            .bind(consumer)
            .bind(lease.id)
            .bind(now.after(2 * lease.handling).as_microseconds())
            .bind(now.as_microseconds())
            .fetch_optional(conn)
            .await
    })?;
    Ok(row.map(|(sequence, attempts)| Place { sequence, attempts }))
}

async fn next_entries(tx: &mut TenantTx, after: i64) -> Result<Vec<Entry>, Error> {
    const NEXT: &str = "SELECT id, sequence, at, actor, action, resource, resource_id, before, \
         after, request_id FROM tenancy_journal WHERE tenant_id = $1 AND sequence > $2 \
         ORDER BY sequence LIMIT $3";
    let tenant = tx.tenant_id().as_uuid();
    let rows: Vec<EntryRow> = on_tx!(tx, |conn| {
        sqlx::query_as(NEXT)
            .bind(tenant)
            .bind(after)
            .bind(BATCH)
            .fetch_all(conn)
            .await
    })?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Gives the place back where the work has come to; nothing happens if the lease was lost.
async fn release(
    database: &Database,
    scope: &TenantScope,
    consumer: &str,
    lease: Lease,
    place: &Place,
    error: Option<&str>,
) -> Result<(), Error> {
    const RELEASE: &str = "UPDATE tenancy_journal_cursors SET sequence = $4, attempts = $5, \
         retry_at = $6, error = $7, lease = NULL, leased_until = 0 \
         WHERE tenant_id = $1 AND consumer = $2 AND lease = $3";
    let retry_at = match error {
        None => Time::from_microseconds(0),
        Some(_) => Time::now().after(backoff(place.attempts)),
    };
    let mut tx = database.write(scope).await?;
    on_tx!(&mut tx, |conn| {
        sqlx::query(RELEASE)
            .bind(scope.tenant_id().as_uuid())
            .bind(consumer)
            .bind(lease.id)
            .bind(place.sequence)
            .bind(place.attempts)
            .bind(retry_at.as_microseconds())
            .bind(error)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit().await
}

fn backoff(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    (BACKOFF.0 * 2_u32.pow(doublings)).min(BACKOFF.1)
}

async fn park(
    database: &Database,
    scope: &TenantScope,
    consumer: &str,
    sequence: i64,
    error: &str,
) -> Result<(), Error> {
    const PARK: &str = "INSERT INTO tenancy_journal_parked \
         (tenant_id, consumer, sequence, error, parked_at, retry) VALUES ($1, $2, $3, $4, $5, 0) \
         ON CONFLICT (tenant_id, consumer, sequence) DO UPDATE SET error = $4, retry = 0";
    tracing::warn!(consumer, sequence, error, tenant = %scope.tenant_id(), "journal entry parked");
    let mut tx = database.write(scope).await?;
    on_tx!(&mut tx, |conn| {
        sqlx::query(PARK)
            .bind(scope.tenant_id().as_uuid())
            .bind(consumer)
            .bind(sequence)
            .bind(error)
            .bind(Time::now().as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.commit().await
}

/// Hands over once more what an operator asked for.
async fn retry_parked(
    database: &Database,
    scope: &TenantScope,
    consumer: &dyn DynConsumer,
    lease: Lease,
) -> Result<(), Error> {
    const ASKED: &str = "SELECT j.id, j.sequence, j.at, j.actor, j.action, j.resource, \
         j.resource_id, j.before, j.after, j.request_id FROM tenancy_journal_parked p \
         JOIN tenancy_journal j ON j.tenant_id = p.tenant_id AND j.sequence = p.sequence \
         WHERE p.tenant_id = $1 AND p.consumer = $2 AND p.retry = 1 ORDER BY p.sequence LIMIT $3";
    const TAKEN: &str = "DELETE FROM tenancy_journal_parked \
         WHERE tenant_id = $1 AND consumer = $2 AND sequence = $3";
    let tenant = scope.tenant_id().as_uuid();
    let mut tx = database.read(scope).await?;
    let rows: Vec<EntryRow> = on_tx!(&mut tx, |conn| {
        sqlx::query_as(ASKED)
            .bind(tenant)
            .bind(consumer.name())
            .bind(BATCH)
            .fetch_all(conn)
            .await
    })?;
    tx.commit().await?;
    for row in rows {
        let entry = Entry::try_from(row)?;
        let sequence = entry.sequence.unwrap_or_default();
        if let Err(error) = handle(consumer, scope, slice::from_ref(&entry), lease).await {
            park(database, scope, consumer.name(), sequence, &error).await?;
            continue;
        }
        let mut tx = database.write(scope).await?;
        on_tx!(&mut tx, |conn| {
            sqlx::query(TAKEN)
                .bind(tenant)
                .bind(consumer.name())
                .bind(sequence)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await?;
    }
    Ok(())
}
