use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "postgres")]
use log::LevelFilter;
#[cfg(feature = "postgres")]
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
#[cfg(feature = "postgres")]
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};

#[cfg(feature = "postgres")]
use super::breaker::{Breaker, is_answer};
use super::connection::{Mode, OwnedConnection};
#[cfg(feature = "postgres")]
use super::error::{connect_error, sql_error};
#[cfg(feature = "sqlite")]
use super::sqlite::SqliteFiles;
use crate::error::Error;
use crate::tenant::Tenant;

/// The connections of one installation: PostgreSQL's, or a folder of SQLite files.
///
/// It gives none of them out; a [`Database`](super::Database) does, for scopes of its realm.
/// Cheap to clone.
#[derive(Clone)]
pub struct SqlStorage(Arc<Inner>);

struct Inner {
    pool: SqlPool,
    time_out: Duration,
}

pub(crate) enum SqlPool {
    #[cfg(feature = "postgres")]
    Postgres(PgPool, Breaker),
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteFiles),
}

/// How many connections there may be, and how long anything may take.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SqlStorageBuilder {
    connections: u32,
    time_out: Duration,
    slow_statements: Duration,
}

impl Default for SqlStorageBuilder {
    fn default() -> Self {
        Self {
            connections: 16,
            time_out: Duration::from_secs(30),
            slow_statements: Duration::from_millis(100),
        }
    }
}

impl SqlStorageBuilder {
    /// The most connections open at once; for SQLite each is a thread. At least two.
    /// Default: 16.
    pub fn connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(2);
        self
    }

    /// The longest wait for a connection, a statement or a commit. Default: 30 seconds. A
    /// PostgreSQL that is away is not waited for so long.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// From when on a statement is slow: sqlx tells of those at the level `WARN` under the target
    /// `sqlx::query`, with their text and without the values. Default: 100 milliseconds. A pool of
    /// the application's own has a limit of its own.
    pub fn slow_statements(mut self, slow_statements: Duration) -> Self {
        self.slow_statements = slow_statements;
        self
    }

    /// Prepares connections to PostgreSQL; the first one is opened when it is needed.
    ///
    /// # Errors
    /// [`Database`](crate::ErrorKind::Database) when the URL cannot be read.
    #[cfg(feature = "postgres")]
    pub fn postgres(self, url: &str) -> Result<SqlStorage, Error> {
        let options: PgConnectOptions = url.parse().map_err(sql_error)?;
        // PgBouncer refuses the parameter, and numbers travel in their binary form anyway.
        let options = options
            .extra_float_digits(None)
            .log_slow_statements(LevelFilter::Warn, self.slow_statements);
        let pool = PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.time_out)
            // `begin` notices a dead connection itself, without a round trip of its own.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(self.with_pool(pool))
    }

    /// Uses an application's own pool of connections to PostgreSQL, as it is.
    ///
    /// The pool needs no hooks. Its size and time-outs are the application's.
    #[cfg(feature = "postgres")]
    pub fn with_pool(self, pool: PgPool) -> SqlStorage {
        SqlStorage(Arc::new(Inner {
            pool: SqlPool::Postgres(pool, Breaker::default()),
            time_out: self.time_out,
        }))
    }

    /// Opens a folder of SQLite files, made where it is missing: one for the registry and one
    /// for each tenant.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when the folder cannot be used.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(self, folder: impl AsRef<std::path::Path>) -> Result<SqlStorage, Error> {
        let files = SqliteFiles::open(
            folder.as_ref(),
            self.connections,
            self.time_out,
            self.slow_statements,
        )
        .await?;
        Ok(SqlStorage(Arc::new(Inner {
            pool: SqlPool::Sqlite(files),
            time_out: self.time_out,
        })))
    }
}

impl SqlStorage {
    /// Limits to choose before connecting.
    pub fn builder() -> SqlStorageBuilder {
        SqlStorageBuilder::default()
    }

    /// Whether this is PostgreSQL rather than SQLite.
    pub fn is_postgres(&self) -> bool {
        match self.0.pool {
            #[cfg(feature = "postgres")]
            SqlPool::Postgres(..) => true,
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(_) => false,
        }
    }

    /// Closes every idle connection and refuses new ones; those in use close when they end.
    pub async fn close(&self) {
        match &self.0.pool {
            #[cfg(feature = "postgres")]
            SqlPool::Postgres(pool, _) => pool.close().await,
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(files) => files.close().await,
        }
    }

    /// How many connections are open now, and how many the budget allows.
    pub fn connections(&self) -> (u32, u32) {
        match &self.0.pool {
            #[cfg(feature = "postgres")]
            SqlPool::Postgres(pool, _) => (pool.size(), pool.options().get_max_connections()),
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(files) => files.connections(),
        }
    }

    /// Whether the database answers, asked over a connection of its own: it tells a database that is
    /// away from one whose connections are all in use, and which may refuse one more. The caller bounds
    /// the wait.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable).
    pub async fn answers_aside(&self) -> Result<(), Error> {
        match &self.0.pool {
            #[cfg(feature = "postgres")]
            SqlPool::Postgres(pool, _) => {
                let conn = PgConnection::connect_with(&pool.connect_options()).await;
                match conn {
                    Ok(conn) => conn.close().await.map_err(connect_error),
                    Err(refusal) if is_answer(&refusal) => Ok(()),
                    Err(error) => Err(connect_error(error)),
                }
            }
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(files) => files.answers_aside().await,
        }
    }

    pub(crate) fn pool(&self) -> &SqlPool {
        &self.0.pool
    }

    pub(crate) fn time_out(&self) -> Duration {
        self.0.time_out
    }

    /// Does what begins with [`acquire`](Self::acquire), unless the database is known to be away.
    pub(crate) async fn unless_away<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match &self.0.pool {
            #[cfg(feature = "postgres")]
            SqlPool::Postgres(pool, breaker) => breaker.guard(pool, work).await,
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(_) => work.await,
        }
    }

    /// A connection to the tenant's data, or to what belongs to the platform. Only
    /// [`unless_away`](Self::unless_away) bounds the wait for a server that is gone.
    pub(crate) async fn acquire(
        &self,
        mode: Mode,
        tenant: Option<&Tenant>,
    ) -> Result<OwnedConnection, Error> {
        match &self.0.pool {
            #[cfg(feature = "postgres")]
            SqlPool::Postgres(pool, _) => {
                let _ = (mode, tenant);
                pool.acquire()
                    .await
                    .map(OwnedConnection::Postgres)
                    .map_err(connect_error)
            }
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(files) => match tenant {
                Some(tenant) => files
                    .acquire(tenant.id, mode)
                    .await
                    .map(OwnedConnection::SqliteFile),
                None => files.registry().await.map(OwnedConnection::SqliteRegistry),
            },
        }
    }
}

impl fmt::Debug for SqlStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = if self.is_postgres() {
            "postgres"
        } else {
            "sqlite"
        };
        f.debug_struct("SqlStorage")
            .field("database", &database)
            .finish_non_exhaustive()
    }
}
