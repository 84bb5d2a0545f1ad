use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::connection::TxConnection;
use super::error::sql_error;
use crate::error::{Error, ErrorKind};
use crate::meter::Meter;

/// An open transaction that [`on_tx!`](crate::on_tx) can run a statement in.
pub trait Scoped {
    /// Marks the begin of a statement and lends the connection for it.
    fn call(&mut self) -> (Call, TxConnection<'_>);
}

/// One statement on its way: counted, bounded, and remembered when it is cut off.
#[derive(Debug)]
pub struct Call {
    in_flight: Arc<AtomicBool>,
    meter: Meter,
    time_out: Duration,
}

impl Call {
    pub(super) fn new(in_flight: &Arc<AtomicBool>, meter: &Meter, time_out: Duration) -> Self {
        Self {
            in_flight: in_flight.clone(),
            meter: meter.clone(),
            time_out,
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
        let _spending = self.meter.database_call();
        self.in_flight.store(true, Ordering::Relaxed);
        match tokio::time::timeout(self.time_out, statement).await {
            Ok(result) => {
                self.in_flight.store(false, Ordering::Relaxed);
                result.map_err(sql_error)
            }
            Err(elapsed) => Err(Error::with_source(ErrorKind::TimedOut, elapsed)),
        }
    }
}
