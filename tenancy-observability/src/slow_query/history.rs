use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenancy_core::sql::Database;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, PlatformScope, on_tx};
use uuid::Uuid;

use super::SlowQueries;
use super::findings::{Findings, Gathered};

/// What one row tells of.
const HOUR: i64 = 3_600_000_000;

/// How many statements are told apart in what is read.
const ROOM: usize = 1000;

/// How many rows are read at once: the hours of a week of two processes come in four pages.
const PAGE_ROWS: i64 = 100;

/// What all processes found, in the platform's own database.
///
/// Each process writes its own row for each hour and writes it again as it finds more, so processes
/// never wait for each other, and what is written twice is not counted twice. Clones share it.
#[derive(Clone, Debug)]
pub struct SlowQueryHistory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    scope: PlatformScope,
    writer: Uuid,
    /// The hour that is being gathered.
    hour: Mutex<Option<i64>>, // std's: never held across an await
}

impl SlowQueryHistory {
    /// Keeps what this process finds beside what others have found.
    pub fn new(database: &Database, scope: &PlatformScope) -> Self {
        Self(Arc::new(Inner {
            database: database.clone(),
            scope: scope.clone(),
            writer: Uuid::now_v7(),
            hour: Mutex::default(),
        }))
    }

    /// Writes what was found up to now, to be called once a minute or so and at the end.
    ///
    /// # Errors
    /// Those of the database. Nothing is lost then: it is written with the next call.
    ///
    /// # Cancellation
    /// Dropped at the turn of an hour, what was found since the last call may be lost.
    pub async fn keep(&self, queries: &SlowQueries, now: Time) -> Result<(), Error> {
        let hour = hour_of(now);
        let before = *self.hour();
        if let Some(ended) = before.filter(|before| *before != hour) {
            let findings = queries.take();
            if let Err(error) = self.write(ended, &findings).await {
                queries.put_back(findings);
                return Err(error);
            }
        }
        *self.hour() = Some(hour);
        self.write(hour, &queries.findings()).await
    }

    /// What all processes found in the hours from `from` on, and before `to`.
    ///
    /// # Errors
    /// Those of the database; [`Corrupt`](ErrorKind::Corrupt) when what is kept cannot be read.
    pub async fn read(&self, from: Time, to: Time) -> Result<Findings, Error> {
        const READ: &str = "SELECT began_at, writer, findings FROM observability_slow_queries \
            WHERE (began_at, writer) > ($1, $2) AND began_at < $3 \
            ORDER BY began_at, writer LIMIT $4";
        let mut gathered = Gathered::new(ROOM);
        // No process has the id of zeros.
        let mut after = (hour_of(from), Uuid::nil());
        loop {
            let mut tx = self.0.database.platform_read(&self.0.scope).await?;
            let rows: Vec<(i64, Uuid, String)> = on_tx!(&mut tx, |conn| {
                sqlx::query_as(READ)
                    .bind(after.0)
                    .bind(after.1)
                    .bind(to.as_microseconds())
                    .bind(PAGE_ROWS)
                    .fetch_all(conn)
                    .await
            })?;
            tx.commit().await?;
            let Some((began_at, writer, _)) = rows.last() else {
                return Ok(gathered.findings());
            };
            after = (*began_at, *writer);
            for (_, _, findings) in rows {
                let findings = serde_json::from_str(&findings)
                    .map_err(|error| Error::with_source(ErrorKind::Corrupt, error))?;
                gathered.add(findings);
            }
        }
    }

    /// Deletes what is older than `kept`, of all processes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget(&self, kept: Duration, now: Time) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM observability_slow_queries WHERE began_at < $1";
        let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
        let oldest = hour_of(now).saturating_sub(kept);
        let mut tx = self.0.database.platform(&self.0.scope).await?;
        on_tx!(&mut tx, |conn| {
            sqlx::query(FORGET)
                .bind(oldest)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await
    }

    async fn write(&self, hour: i64, findings: &Findings) -> Result<(), Error> {
        const WRITE: &str = "INSERT INTO observability_slow_queries (began_at, writer, findings) \
            VALUES ($1, $2, $3) \
            ON CONFLICT (began_at, writer) DO UPDATE SET findings = excluded.findings";
        if *findings == Findings::default() {
            return Ok(());
        }
        let text = serde_json::to_string(findings)
            .map_err(|error| Error::with_source(ErrorKind::Corrupt, error))?;
        let mut tx = self.0.database.platform(&self.0.scope).await?;
        on_tx!(&mut tx, |conn| {
            sqlx::query(WRITE)
                .bind(hour)
                .bind(self.0.writer)
                .bind(&text)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await
    }

    fn hour(&self) -> std::sync::MutexGuard<'_, Option<i64>> {
        // It is one number.
        self.0.hour.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hour_of(time: Time) -> i64 {
    let microseconds = time.as_microseconds();
    microseconds - microseconds.rem_euclid(HOUR)
}
