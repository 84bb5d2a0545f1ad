//! The rows that windows and hours are kept in.

use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, on_tx};
use uuid::Uuid;

use super::window::{HOUR, before};

/// The most rows that are read at once.
pub(super) const PAGE_ROWS: usize = 200;

/// A window as one server knows it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct WindowRow {
    pub(super) starts_at: i64,
    pub(super) writer: Uuid,
    pub(super) data: Vec<u8>,
}

/// An hour of all servers.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct HourRow {
    pub(super) starts_at: i64,
    pub(super) data: Vec<u8>,
}

/// Says what a window of a party is like now, as far as this writer knows.
pub(super) async fn put_window(
    tx: &mut PlatformTx,
    party: Uuid,
    start: Time,
    writer: Uuid,
    data: &[u8],
) -> Result<(), Error> {
    const PUT: &str = "INSERT INTO observability_windows (party, starts_at, writer, data) \
         VALUES ($1, $2, $3, $4) \
         ON CONFLICT (party, starts_at, writer) DO UPDATE SET data = excluded.data";
    on_tx!(tx, |conn| {
        sqlx::query(PUT)
            .bind(party)
            .bind(start.as_microseconds())
            .bind(writer)
            .bind(data)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Windows of a party that begin before `to`, after another.
pub(super) async fn windows(
    tx: &mut PlatformTx,
    party: Uuid,
    (after, writer): (i64, Uuid),
    to: Time,
) -> Result<Vec<WindowRow>, Error> {
    const LIST: &str = "SELECT starts_at, writer, data FROM observability_windows \
         WHERE party = $1 AND (starts_at, writer) > ($2, $3) AND starts_at < $4 \
         ORDER BY starts_at, writer LIMIT $5";
    on_tx!(tx, |conn| {
        sqlx::query_as(LIST)
            .bind(party)
            .bind(after)
            .bind(writer)
            .bind(to.as_microseconds())
            .bind(PAGE_ROWS as i64)
            .fetch_all(conn)
            .await
    })
}

/// Hours of a party that begin after one time and before another.
pub(super) async fn hours(
    tx: &mut PlatformTx,
    party: Uuid,
    after: i64,
    to: Time,
) -> Result<Vec<HourRow>, Error> {
    const LIST: &str = "SELECT starts_at, data FROM observability_hours \
         WHERE party = $1 AND starts_at > $2 AND starts_at < $3 \
         ORDER BY starts_at LIMIT $4";
    on_tx!(tx, |conn| {
        sqlx::query_as(LIST)
            .bind(party)
            .bind(after)
            .bind(to.as_microseconds())
            .bind(PAGE_ROWS as i64)
            .fetch_all(conn)
            .await
    })
}

/// Parties after one, by id, of whom there is a window or an hour in a time.
pub(super) async fn parties(
    tx: &mut PlatformTx,
    (from, to): (Time, Time),
    after: Uuid,
    count: usize,
) -> Result<Vec<Uuid>, Error> {
    const LIST: &str = "SELECT party FROM observability_windows \
         WHERE starts_at >= $1 AND starts_at < $3 AND party > $4 \
         UNION SELECT party FROM observability_hours \
         WHERE starts_at > $2 AND starts_at < $3 AND party > $4 \
         ORDER BY party LIMIT $5";
    on_tx!(tx, |conn| {
        sqlx::query_scalar(LIST)
            .bind(from.as_microseconds())
            .bind(just_before(from))
            .bind(to.as_microseconds())
            .bind(after)
            .bind(i64::try_from(count).unwrap_or(i64::MAX))
            .fetch_all(conn)
            .await
    })
}

/// Waits until no other server makes windows into hours.
pub(super) async fn lock(tx: &mut PlatformTx) -> Result<(), Error> {
    const LOCK: &str = "UPDATE observability_tidying SET turns = turns + 1";
    on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// The oldest window that begins before a time, with whose it is.
pub(super) async fn oldest_window(
    tx: &mut PlatformTx,
    horizon: Time,
) -> Result<Option<(Uuid, i64)>, Error> {
    const OLDEST: &str = "SELECT party, starts_at FROM observability_windows \
         WHERE starts_at < $1 ORDER BY starts_at LIMIT 1";
    on_tx!(tx, |conn| {
        sqlx::query_as(OLDEST)
            .bind(horizon.as_microseconds())
            .fetch_optional(conn)
            .await
    })
}

/// Takes a party's windows of an hour out.
pub(super) async fn take_windows(
    tx: &mut PlatformTx,
    party: Uuid,
    hour: Time,
) -> Result<Vec<Vec<u8>>, Error> {
    const TAKE: &str = "DELETE FROM observability_windows \
         WHERE party = $1 AND starts_at >= $2 AND starts_at < $3 RETURNING data";
    on_tx!(tx, |conn| {
        sqlx::query_scalar(TAKE)
            .bind(party)
            .bind(hour.as_microseconds())
            .bind(hour.after(HOUR).as_microseconds())
            .fetch_all(conn)
            .await
    })
}

/// What is known of a party's hour.
pub(super) async fn hour(
    tx: &mut PlatformTx,
    party: Uuid,
    hour: Time,
) -> Result<Option<Vec<u8>>, Error> {
    const FIND: &str = "SELECT data FROM observability_hours WHERE party = $1 AND starts_at = $2";
    on_tx!(tx, |conn| {
        sqlx::query_scalar(FIND)
            .bind(party)
            .bind(hour.as_microseconds())
            .fetch_optional(conn)
            .await
    })
}

pub(super) async fn put_hour(
    tx: &mut PlatformTx,
    party: Uuid,
    hour: Time,
    data: &[u8],
) -> Result<(), Error> {
    const PUT: &str = "INSERT INTO observability_hours (party, starts_at, data) \
         VALUES ($1, $2, $3) ON CONFLICT (party, starts_at) DO UPDATE SET data = excluded.data";
    on_tx!(tx, |conn| {
        sqlx::query(PUT)
            .bind(party)
            .bind(hour.as_microseconds())
            .bind(data)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Removes a day's worth of the oldest hours that began before a time. Returns whether there were any.
pub(super) async fn remove_hours(tx: &mut PlatformTx, horizon: Time) -> Result<bool, Error> {
    const OLDEST: &str = "SELECT starts_at FROM observability_hours \
         WHERE starts_at < $1 ORDER BY starts_at LIMIT 1";
    const REMOVE: &str = "DELETE FROM observability_hours WHERE starts_at < $1";
    let oldest: Option<i64> = on_tx!(tx, |conn| {
        sqlx::query_scalar(OLDEST)
            .bind(horizon.as_microseconds())
            .fetch_optional(conn)
            .await
    })?;
    let Some(oldest) = oldest else {
        return Ok(false);
    };
    let day_later = Time::from_microseconds(oldest).after(24 * HOUR);
    let until = horizon.min(day_later).as_microseconds();
    on_tx!(tx, |conn| {
        sqlx::query(REMOVE)
            .bind(until)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(true)
}

/// Removes all that is kept of a party.
pub(super) async fn forget(tx: &mut PlatformTx, party: Uuid) -> Result<(), Error> {
    const WINDOWS: &str = "DELETE FROM observability_windows WHERE party = $1";
    const HOURS: &str = "DELETE FROM observability_hours WHERE party = $1";
    for statement in [WINDOWS, HOURS] {
        on_tx!(tx, |conn| {
            sqlx::query(statement)
                .bind(party)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}

/// Just before the first place that a window or an hour can have which meets `from`.
pub(super) fn just_before(from: Time) -> i64 {
    before(from, HOUR).as_microseconds()
}
