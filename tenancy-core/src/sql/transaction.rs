use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::call::{Call, Scoped};
use super::connection::{CloseOnDrop, Mode, OwnedConnection, SettleOnDrop, TxConnection};
use super::error::{is_connection_lost, sql_error};
use super::storage::SqlStorage;
use crate::error::{Error, ErrorKind};
use crate::journal::observe::Doubt;
use crate::meter::Meter;
#[cfg(feature = "postgres")]
use crate::on_tx;
use crate::tenant::{Tenant, TenantId};

/// The longest wait that is spent on connections which turn out dead, in attempts.
const DEAD_CONNECTIONS_MAX: usize = 64;

/// An open transaction that owns its connection.
///
/// It is not sqlx's `Transaction`, which can hand a connection back inside an open transaction
/// when its `begin` is cancelled (launchbadge/sqlx#4393).
pub(crate) struct Transaction {
    /// `None` once the transaction has ended.
    connection: Option<OwnedConnection>,
    in_flight: Arc<AtomicBool>,
    mode: Mode,
    meter: Meter,
    time_out: Duration,
    tenant: Option<TenantId>,
}

impl Transaction {
    pub(crate) async fn begin(
        storage: &SqlStorage,
        mode: Mode,
        tenant: Option<&Tenant>,
        meter: Meter,
    ) -> Result<Self, Error> {
        let time_out = storage.time_out();
        let spending = meter.database_call(None);
        // Stays in its place: it has kilobytes, which each wrapper would copy.
        let opening = pin!(open(storage, mode, tenant));
        let opened = storage.unless_away(opening);
        let connection = tokio::time::timeout(time_out, opened)
            .await
            .map_err(|elapsed| Error::with_source(ErrorKind::TimedOut, elapsed))??;
        drop(spending);
        Ok(Self {
            connection: Some(connection),
            in_flight: Arc::default(),
            mode,
            meter,
            time_out,
            tenant: tenant.map(|tenant| tenant.id),
        })
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Makes the changes durable.
    ///
    /// `proven` says that the last statement was ours and succeeded, so that the transaction is
    /// known to be alive.
    ///
    /// # Cancellation
    /// Dropped while it waits, the outcome is unknown and the connection is closed.
    pub(crate) async fn commit(self, proven: bool) -> Result<(), Error> {
        self.commit_in_doubt(proven, Doubt::default()).await
    }

    /// The same, with what must be held until the outcome is known.
    ///
    /// # Cancellation
    /// As with [`commit`](Self::commit); a doubt is held until the database has answered.
    pub(crate) async fn commit_in_doubt(mut self, proven: bool, doubt: Doubt) -> Result<(), Error> {
        self.refuse_if_cut_off()?;
        if self.mode == Mode::Write && !proven {
            self.prove_alive().await?;
        }
        let mut guard = SettleOnDrop::new(self.take(), doubt);
        let _spending = self.meter.database_call(None);
        let commit = guard.connection().commit();
        tokio::time::timeout(self.time_out, commit)
            .await
            .map_err(|elapsed| Error::with_source(ErrorKind::TimedOut, elapsed))?
            .map_err(sql_error)?;
        drop(guard.defuse());
        Ok(())
    }

    /// Undoes everything, and waits until that is done.
    pub(crate) async fn roll_back(mut self) -> Result<(), Error> {
        let mut guard = CloseOnDrop::new(self.take());
        let _spending = self.meter.database_call(None);
        tokio::time::timeout(self.time_out, guard.connection().roll_back())
            .await
            .map_err(|elapsed| Error::with_source(ErrorKind::TimedOut, elapsed))?
            .map_err(sql_error)?;
        drop(guard.defuse());
        Ok(())
    }

    /// Fails when nobody can know what this transaction did.
    fn refuse_if_cut_off(&mut self) -> Result<(), Error> {
        let savepoint_left_open = self
            .connection
            .as_mut()
            .is_some_and(|conn| conn.depth() != 1);
        if self.in_flight.load(Ordering::Relaxed) || savepoint_left_open {
            return Err(ErrorKind::Interrupted.into());
        }
        Ok(())
    }

    /// Fails when an earlier error already ended the transaction on the server, where PostgreSQL
    /// answers a COMMIT with a silent roll-back.
    async fn prove_alive(&mut self) -> Result<(), Error> {
        #[cfg(feature = "postgres")]
        if matches!(self.connection, Some(OwnedConnection::Postgres(_))) {
            on_tx!(self, |conn| sqlx::query("SELECT 1")
                .execute(conn)
                .await
                .map(|done| done.rows_affected()))?;
        }
        Ok(())
    }

    fn take(&mut self) -> OwnedConnection {
        self.connection
            .take()
            .expect("only the consuming ends take it")
    }
}

impl Scoped for Transaction {
    #[track_caller]
    fn call(&mut self) -> (Call, TxConnection<'_>) {
        let call = Call::new(&self.in_flight, &self.meter, self.time_out, self.tenant);
        let connection = self
            .connection
            .as_mut()
            .expect("only the consuming ends take it");
        (call, connection.as_tx())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.abandon();
        }
    }
}

/// Takes a connection and begins on it, past idle ones that turn out dead.
async fn open(
    storage: &SqlStorage,
    mode: Mode,
    tenant: Option<&Tenant>,
) -> Result<OwnedConnection, Error> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let mut guard = CloseOnDrop::new(storage.acquire(mode, tenant).await?);
        match guard.connection().begin(mode, tenant).await {
            Ok(()) => return Ok(guard.defuse()),
            Err(error) if is_connection_lost(&error) && attempts < DEAD_CONNECTIONS_MAX => {}
            Err(error) => return Err(sql_error(error)),
        }
    }
}
