use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::{Instrument as _, Span};

use super::connection::TxConnection;
use super::error::sql_error;
use crate::error::{Error, ErrorKind};
use crate::meter::Meter;
use crate::tenant::TenantId;

/// An open transaction that [`on_tx!`](crate::on_tx) can run a statement in.
pub trait Scoped {
    /// Marks the begin of a statement and lends the connection for it.
    #[track_caller]
    fn call(&mut self) -> (Call, TxConnection<'_>);
}

/// One statement on its way: counted, bounded, and remembered when it is cut off.
#[derive(Debug)]
pub struct Call {
    in_flight: Arc<AtomicBool>,
    meter: Meter,
    time_out: Duration,
    tenant: Option<TenantId>,
    caller: &'static Location<'static>,
}

impl Call {
    #[track_caller]
    pub(super) fn new(
        in_flight: &Arc<AtomicBool>,
        meter: &Meter,
        time_out: Duration,
        tenant: Option<TenantId>,
    ) -> Self {
        Self {
            in_flight: in_flight.clone(),
            meter: meter.clone(),
            time_out,
            tenant,
            caller: Location::caller(),
        }
    }

    /// Runs the statement to its end.
    ///
    /// If the future is dropped, panics or runs out of time, the mark stays and the transaction
    /// can no longer be committed.
    pub async fn run<T>(
        self,
        statement: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        let _spending = self.meter.database_call(Some(self.caller));
        let statement = statement.instrument(self.span());
        self.in_flight.store(true, Ordering::Relaxed);
        match tokio::time::timeout(self.time_out, statement).await {
            Ok(result) => {
                self.in_flight.store(false, Ordering::Relaxed);
                result.map_err(sql_error)
            }
            Err(elapsed) => Err(Error::with_source(ErrorKind::TimedOut, elapsed)),
        }
    }

    /// What listens for slow statements is told whose they are and where they come from; where nothing
    /// does, it is never made.
    fn span(&self) -> Span {
        tracing::debug_span!(
            target: "tenancy_core::statement",
            "statement",
            tenant_id = self.tenant.map(|tenant| tenant.as_uuid().as_u128()),
            file = self.caller.file(),
            line = self.caller.line(),
        )
    }
}
