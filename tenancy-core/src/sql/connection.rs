use std::fmt;
use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::AssertSqlSafe;
use sqlx::SqlSafeStr;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use sqlx::pool::PoolConnection;
#[cfg(feature = "postgres")]
use sqlx::{PgConnection, Postgres};
#[cfg(feature = "sqlite")]
use sqlx::{Sqlite, SqliteConnection};
use sqlx_core::transaction::TransactionManager as _;
use tokio::runtime::Handle;

#[cfg(feature = "sqlite")]
use super::sqlite::FileConnection;
use crate::journal::observe::Doubt;
use crate::tenant::Tenant;

#[cfg(feature = "postgres")]
type PgTransactions = <Postgres as sqlx::Database>::TransactionManager;
#[cfg(feature = "sqlite")]
type SqliteTransactions = <Sqlite as sqlx::Database>::TransactionManager;

/// How long a dropped transaction may take to roll back before its connection is closed.
const ROLLBACK_TIME_OUT: Duration = Duration::from_secs(5);

/// A lent connection of an open transaction.
pub enum TxConnection<'a> {
    /// To PostgreSQL, under row-level security.
    #[cfg(feature = "postgres")]
    Postgres(&'a mut PgConnection),
    /// To the tenant's own SQLite file, or to the registry's.
    #[cfg(feature = "sqlite")]
    Sqlite(&'a mut SqliteConnection),
}

impl fmt::Debug for TxConnection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxConnection").finish_non_exhaustive()
    }
}

/// Whether a transaction may change anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    Read,
    Write,
}

/// A connection owned by one transaction, wherever it came from.
pub(crate) enum OwnedConnection {
    #[cfg(feature = "postgres")]
    Postgres(PoolConnection<Postgres>),
    #[cfg(feature = "sqlite")]
    SqliteFile(FileConnection),
    #[cfg(feature = "sqlite")]
    SqliteRegistry(PoolConnection<Sqlite>),
}

impl OwnedConnection {
    pub(crate) fn as_tx(&mut self) -> TxConnection<'_> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => TxConnection::Postgres(conn),
            #[cfg(feature = "sqlite")]
            Self::SqliteFile(conn) => TxConnection::Sqlite(conn),
            #[cfg(feature = "sqlite")]
            Self::SqliteRegistry(conn) => TxConnection::Sqlite(conn),
        }
    }

    /// Opens the transaction, and on PostgreSQL names the tenant in the same message.
    ///
    /// The text is put together from closed alphabets only: a UUID, and a
    /// [`TenantKey`](crate::tenant::TenantKey).
    pub(crate) async fn begin(
        &mut self,
        mode: Mode,
        tenant: Option<&Tenant>,
    ) -> Result<(), sqlx::Error> {
        match self.as_tx() {
            #[cfg(feature = "postgres")]
            TxConnection::Postgres(conn) => {
                let mut statement = String::with_capacity(128);
                statement.push_str(match mode {
                    Mode::Read => "BEGIN READ ONLY",
                    Mode::Write => "BEGIN",
                });
                if let Some(tenant) = tenant {
                    statement.push_str("; SET LOCAL app.tenant_id = '");
                    let mut buffer = uuid::Uuid::encode_buffer();
                    let id = tenant.id.as_uuid();
                    statement.push_str(id.as_hyphenated().encode_lower(&mut buffer));
                    statement.push('\'');
                    if let Some(key) = &tenant.key {
                        statement.push_str("; SET LOCAL app.tenant_key = '");
                        statement.push_str(key.as_str());
                        statement.push('\'');
                    }
                }
                PgTransactions::begin(conn, Some(AssertSqlSafe(statement).into_sql_str())).await
            }
            #[cfg(feature = "sqlite")]
            TxConnection::Sqlite(conn) => {
                let _ = tenant;
                let statement = match mode {
                    Mode::Read => "BEGIN DEFERRED",
                    Mode::Write => "BEGIN IMMEDIATE",
                };
                SqliteTransactions::begin(conn, Some(statement.into_sql_str())).await
            }
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        match self.as_tx() {
            #[cfg(feature = "postgres")]
            TxConnection::Postgres(conn) => PgTransactions::commit(conn).await,
            #[cfg(feature = "sqlite")]
            TxConnection::Sqlite(conn) => SqliteTransactions::commit(conn).await,
        }
    }

    /// Undoes the transaction and every savepoint that was left open inside it.
    pub(crate) async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        match self.as_tx() {
            #[cfg(feature = "postgres")]
            TxConnection::Postgres(conn) => {
                while PgTransactions::get_transaction_depth(conn) > 0 {
                    PgTransactions::rollback(conn).await?;
                }
            }
            #[cfg(feature = "sqlite")]
            TxConnection::Sqlite(conn) => {
                while SqliteTransactions::get_transaction_depth(conn) > 0 {
                    SqliteTransactions::rollback(conn).await?;
                }
            }
        }
        Ok(())
    }

    /// How many transactions and savepoints are open.
    pub(crate) fn depth(&mut self) -> usize {
        match self.as_tx() {
            #[cfg(feature = "postgres")]
            TxConnection::Postgres(conn) => PgTransactions::get_transaction_depth(conn),
            #[cfg(feature = "sqlite")]
            TxConnection::Sqlite(conn) => SqliteTransactions::get_transaction_depth(conn),
        }
    }

    /// Gives the connection up for good; its pool may open another.
    pub(crate) fn close(self) {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(mut conn) if Handle::try_current().is_ok() => conn.close_on_drop(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => drop(conn.detach()),
            #[cfg(feature = "sqlite")]
            Self::SqliteFile(conn) => conn.close(),
            #[cfg(feature = "sqlite")]
            Self::SqliteRegistry(mut conn) if Handle::try_current().is_ok() => {
                conn.close_on_drop();
            }
            #[cfg(feature = "sqlite")]
            Self::SqliteRegistry(conn) => drop(conn.detach()),
        }
    }

    /// Rolls an unfinished transaction back in the background, or closes the connection.
    pub(crate) fn abandon(self) {
        let mut guard = CloseOnDrop::new(self);
        let Ok(runtime) = Handle::try_current() else {
            return; // no runtime, no background: the guard closes it
        };
        runtime.spawn(async move {
            let rollback = guard.connection().roll_back();
            match tokio::time::timeout(ROLLBACK_TIME_OUT, rollback).await {
                Ok(Ok(())) => drop(guard.defuse()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a dropped transaction could not be rolled back")
                }
                Err(_) => tracing::warn!("a dropped transaction did not roll back in time"),
            }
        });
    }
}

/// Closes the connection of a commit that was not heard out. Where that leaves a doubt, the database's
/// answer is waited for first, in the background.
pub(crate) struct SettleOnDrop {
    connection: Option<OwnedConnection>,
    doubt: Doubt,
}

impl SettleOnDrop {
    pub(crate) fn new(connection: OwnedConnection, doubt: Doubt) -> Self {
        Self {
            connection: Some(connection),
            doubt,
        }
    }

    pub(crate) fn connection(&mut self) -> &mut OwnedConnection {
        self.connection
            .as_mut()
            .expect("only `defuse` takes it, by value")
    }

    pub(crate) fn defuse(mut self) -> OwnedConnection {
        self.connection
            .take()
            .expect("only `defuse` takes it, by value")
    }
}

impl Drop for SettleOnDrop {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let mut guard = CloseOnDrop::new(connection);
        if self.doubt.is_none() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let doubt = std::mem::take(&mut self.doubt);
        runtime.spawn(async move {
            // It is answered after the commit, whatever became of that.
            let answer = guard.connection().roll_back();
            if tokio::time::timeout(ROLLBACK_TIME_OUT, answer)
                .await
                .is_err()
            {
                tracing::warn!("it is not known in time whether a transaction was committed");
            }
            drop(guard);
            drop(doubt);
        });
    }
}

/// Closes its connection unless told that the connection is clean.
pub(crate) struct CloseOnDrop(Option<OwnedConnection>);

impl CloseOnDrop {
    pub(crate) fn new(connection: OwnedConnection) -> Self {
        Self(Some(connection))
    }

    pub(crate) fn connection(&mut self) -> &mut OwnedConnection {
        self.0.as_mut().expect("only `defuse` takes it, by value")
    }

    pub(crate) fn defuse(mut self) -> OwnedConnection {
        self.0.take().expect("only `defuse` takes it, by value")
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.close();
        }
    }
}
