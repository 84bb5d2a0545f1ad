use std::time::Duration;

use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, on_tx};
use uuid::Uuid;

use super::{Server, ServerFigures};
use crate::platform::Platform;

/// For how long one is shown that tells nothing any more. One that has ended says so, and is shown no more.
pub(super) const SHOWN_FOR: Duration = Duration::from_secs(600);

/// The most servers that are shown.
const SERVERS_MAX: i64 = 200;

#[derive(sqlx::FromRow)]
struct ServerRow {
    seen_at: i64,
    figures: String,
}

/// The servers that have told of themselves lately, the longest known first.
pub(crate) async fn list(platform: &Platform, now: Time) -> Result<Vec<Server>, Error> {
    const LIST: &str = "SELECT seen_at, figures FROM platform_servers WHERE seen_at > $1 \
         ORDER BY id LIMIT $2";
    let mut tx = platform.database().platform_read(platform.scope()).await?;
    let rows: Vec<ServerRow> = on_tx!(&mut tx, |conn| {
        sqlx::query_as(LIST)
            .bind(before(now))
            .bind(SERVERS_MAX)
            .fetch_all(conn)
            .await
    })?;
    tx.commit().await?;
    rows.into_iter().map(Server::try_from).collect()
}

/// Tells of a server, and removes those that have been silent for too long.
pub(super) async fn put(
    tx: &mut PlatformTx,
    id: Uuid,
    figures: &ServerFigures,
    now: Time,
) -> Result<(), Error> {
    const PUT: &str = "INSERT INTO platform_servers (id, seen_at, figures) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, figures = excluded.figures";
    const SILENT: &str = "DELETE FROM platform_servers WHERE seen_at <= $1";
    let figures = serde_json::to_string(figures)
        .map_err(|error| Error::with_source(ErrorKind::InvalidInput, error))?;
    on_tx!(tx, |conn| {
        sqlx::query(PUT)
            .bind(id)
            .bind(now.as_microseconds())
            .bind(&figures)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    on_tx!(tx, |conn| {
        sqlx::query(SILENT)
            .bind(before(now))
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

pub(super) async fn remove(tx: &mut PlatformTx, id: Uuid) -> Result<(), Error> {
    const REMOVE: &str = "DELETE FROM platform_servers WHERE id = $1";
    on_tx!(tx, |conn| {
        sqlx::query(REMOVE)
            .bind(id)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

fn before(now: Time) -> i64 {
    let shown_for = i64::try_from(SHOWN_FOR.as_micros()).unwrap_or(i64::MAX);
    now.as_microseconds().saturating_sub(shown_for)
}

impl TryFrom<ServerRow> for Server {
    type Error = Error;

    fn try_from(row: ServerRow) -> Result<Self, Error> {
        let corrupt = |error| Error::with_source(ErrorKind::Corrupt, error);
        Ok(Self {
            seen_at: Time::from_microseconds(row.seen_at),
            figures: serde_json::from_str(&row.figures).map_err(corrupt)?,
        })
    }
}
