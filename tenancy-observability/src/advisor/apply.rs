//! Following advice: making indexes that are not there yet, one process at a time.

#[cfg(feature = "postgres")]
use std::collections::HashMap;
#[cfg(feature = "sqlite")]
use std::path::Path;

use sqlx::AssertSqlSafe;
#[cfg(feature = "postgres")]
use sqlx::PgConnection;

use super::error::{Error, ErrorKind};
use super::report::{Advice, Rule};

/// What came of a piece of advice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Applied {
    /// Its indexes were made.
    Created,
    /// It removes or changes something, which is left to people.
    LeftAlone,
    /// Its indexes were there already.
    Present,
}

/// The lock that one process at a time holds while it makes indexes.
#[cfg(feature = "postgres")]
const LOCK: i64 = 0x7465_6e61_6e63_7901;
/// How long a table's lock is waited for: behind whoever waits, everybody waits.
#[cfg(feature = "postgres")]
const LOCK_TIME_OUT: &str = "SET lock_timeout = '5s'";

impl Advice {
    /// Whether it only adds indexes, so that following it takes nothing from anybody.
    pub fn is_addition(&self) -> bool {
        matches!(self.rule, Rule::MissingIndex | Rule::UnindexedForeignKey)
    }

    /// Follows the advice on PostgreSQL, as a role that owns the table.
    ///
    /// Indexes are made concurrently, so writers go on. What fails half made is removed again, unless a
    /// transaction that goes on holds it; then it is advised on as invalid.
    #[cfg(feature = "postgres")]
    pub async fn apply_postgres(&self, owner: &mut PgConnection) -> Result<Applied, Error> {
        if !self.is_addition() {
            return Ok(Applied::LeftAlone);
        }
        let is_free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *owner)
            .await
            .map_err(not_applied)?;
        if !is_free {
            return Err(Error::new(ErrorKind::Busy, None));
        }
        let outcome = self.apply_locked(owner).await;
        let unlocked = sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(LOCK)
            .execute(&mut *owner)
            .await;
        let applied = outcome.map_err(not_applied)?;
        unlocked.map_err(not_applied)?;
        Ok(applied)
    }

    #[cfg(feature = "postgres")]
    async fn apply_locked(&self, owner: &mut PgConnection) -> Result<Applied, sqlx::Error> {
        // Somebody else may have followed it since it was given.
        let there: Vec<(String, bool)> = sqlx::query_as(
            "SELECT name, i.indisvalid FROM unnest($1::text[]) name JOIN pg_index i \
                 ON i.indexrelid = to_regclass(name)",
        )
        .bind(&self.makes)
        .fetch_all(&mut *owner)
        .await?;
        let there: HashMap<String, bool> = there.into_iter().collect();
        if self.makes.iter().all(|name| there.get(name) == Some(&true)) {
            return Ok(Applied::Present);
        }
        run(owner, LOCK_TIME_OUT).await?;
        let made = self.make_each(owner, &there).await;
        run(owner, "RESET lock_timeout").await?;
        made.map(|()| Applied::Created)
    }

    #[cfg(feature = "postgres")]
    async fn make_each(
        &self,
        owner: &mut PgConnection,
        // By name, whether they are valid.
        there: &HashMap<String, bool>,
    ) -> Result<(), sqlx::Error> {
        let mut indexes = self.makes.iter().zip(&self.undo);
        let mut begun = Vec::new();
        for statement in &self.apply {
            // What an index needs beside, an extension, has no name and stays.
            let index = match statement.starts_with("CREATE EXTENSION") {
                true => None,
                false => indexes.next(),
            };
            if let Some((name, undo)) = index {
                match there.get(name) {
                    Some(true) => continue,
                    // Of the same name and half made by others: making it fails, and it is theirs.
                    Some(false) => {}
                    None => begun.push(undo),
                }
            }
            let Err(error) = run(owner, statement).await else {
                continue;
            };
            for undo in begun {
                // The last may not be there.
                let _ = run(owner, undo).await;
            }
            return Err(error);
        }
        Ok(())
    }

    /// Follows the advice on a SQLite file, whose writers wait meanwhile.
    #[cfg(feature = "sqlite")]
    pub async fn apply_sqlite(&self, file: &Path) -> Result<Applied, Error> {
        use sqlx::sqlite::SqliteConnectOptions;
        use sqlx::{ConnectOptions as _, Connection as _};
        if !self.is_addition() {
            return Ok(Applied::LeftAlone);
        }
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = options.connect().await.map_err(not_applied)?;
        let mut applied = Applied::Present;
        for (name, statement) in self.makes.iter().zip(&self.apply) {
            let there: i64 = sqlx::query_scalar("SELECT count(*) FROM pragma_index_info($1)")
                .bind(name.trim_matches('"'))
                .fetch_one(&mut connection)
                .await
                .map_err(not_applied)?;
            if there == 0 {
                let statement = AssertSqlSafe(statement.as_str());
                sqlx::raw_sql(statement)
                    .execute(&mut connection)
                    .await
                    .map_err(not_applied)?;
                applied = Applied::Created;
            }
        }
        connection.close().await.map_err(not_applied)?;
        Ok(applied)
    }
}

/// Runs a statement of the advice's own, made of the catalogue's names.
#[cfg(feature = "postgres")]
async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(drop)
}

fn not_applied(error: sqlx::Error) -> Error {
    Error::new(ErrorKind::NotApplied, Some(error))
}
