use std::time::Duration;

use object_store::Error as StoreError;
use tokio::time::timeout;

use crate::error::{Error, ErrorKind};

/// One call to the store, which does not take longer than that.
pub(super) async fn within<T>(
    time_out: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Error> {
    match timeout(time_out, call).await {
        Ok(outcome) => outcome.map_err(store_error),
        Err(elapsed) => Err(Error::with_source(ErrorKind::TimedOut, elapsed)),
    }
}

pub(super) fn store_error(error: StoreError) -> Error {
    let kind = match error {
        StoreError::NotFound { .. } => ErrorKind::NotFound,
        // The disk, the network, or what the service thinks of our credentials: for the operator.
        _ => ErrorKind::Unavailable,
    };
    Error::with_source(kind, error)
}
