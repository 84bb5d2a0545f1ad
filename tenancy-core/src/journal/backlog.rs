use uuid::Uuid;

use super::work;
use crate::error::Error;
#[cfg(feature = "postgres")]
use crate::meter::Meter;
use crate::on_tx;
use crate::sql::{Database, TenantTx};
#[cfg(feature = "postgres")]
use crate::sql::{Mode, Transaction};
use crate::tenant::TenantId;
use crate::time::Time;

/// What a consumer has yet to take of a tenant's journal, and could not take.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Backlog {
    /// When the oldest entry that it has not taken was written.
    pub oldest: Option<Time>,
    /// How many entries were put aside for it.
    pub parked: u64,
}

impl Backlog {
    /// How far a consumer is behind in one tenant's journal.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn of(tx: &mut TenantTx, consumer: &str) -> Result<Self, Error> {
        const OLDEST: &str = "SELECT j.at FROM tenancy_journal j \
             WHERE j.tenant_id = $1 AND j.sequence > coalesce((SELECT c.sequence \
             FROM tenancy_journal_cursors c WHERE c.tenant_id = $1 AND c.consumer = $2), 0) \
             ORDER BY j.sequence LIMIT 1";
        const PARKED: &str = "SELECT CAST(count(*) AS BIGINT) FROM tenancy_journal_parked \
             WHERE tenant_id = $1 AND consumer = $2";
        let tenant = tx.tenant_id().as_uuid();
        let oldest: Option<i64> = on_tx!(tx, |conn| {
            sqlx::query_scalar(OLDEST)
                .bind(tenant)
                .bind(consumer)
                .fetch_optional(conn)
                .await
        })?;
        let parked: i64 = on_tx!(tx, |conn| {
            sqlx::query_scalar(PARKED)
                .bind(tenant)
                .bind(consumer)
                .fetch_one(conn)
                .await
        })?;
        Ok(Self {
            oldest: oldest.map(Time::from_microseconds),
            parked: parked.unsigned_abs(),
        })
    }

    /// Since when an entry has waited for its number, which on PostgreSQL takes milliseconds; SQLite
    /// gives it at once.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unnumbered_since(database: &Database) -> Result<Option<Time>, Error> {
        #[cfg(feature = "postgres")]
        if database.storage().is_postgres() {
            #[cfg(feature = "postgres")]
            const FIRST: &str =
                "SELECT entry_id FROM tenancy_journal_line ORDER BY entry_id LIMIT 1";
            let storage = database.storage();
            let mut tx = Transaction::begin(storage, Mode::Read, None, Meter::default()).await?;
            let first: Option<Uuid> = on_tx!(&mut tx, |conn| {
                sqlx::query_scalar(FIRST).fetch_optional(conn).await
            })?;
            tx.commit(true).await?;
            // An entry's id says when it was made.
            let made = first.and_then(|id| id.get_timestamp());
            return Ok(made.map(|made| {
                let (seconds, nanoseconds) = made.to_unix();
                let microseconds =
                    u128::from(seconds) * 1_000_000 + u128::from(nanoseconds) / 1_000;
                Time::from_microseconds(i64::try_from(microseconds).unwrap_or(i64::MAX))
            }));
        }
        let _ = database;
        Ok(None)
    }

    /// Tenants that have entries for consumers to take, in order of id after `after`; at most 100.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tenants(
        database: &Database,
        after: Option<TenantId>,
    ) -> Result<Vec<TenantId>, Error> {
        let after = after.map_or(Uuid::nil(), TenantId::as_uuid);
        let marks = work::marked(database, after).await?;
        Ok(marks.into_iter().map(|mark| mark.tenant_id()).collect())
    }
}
