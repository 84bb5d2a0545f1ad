use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tenancy_core::outbound::{Error, ErrorKind, retry_after};
use tenancy_core::time::Time;

/// The longest that a receiver can make us wait.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// What came of sending a snapshot.
#[derive(Debug)]
pub(super) enum Answer {
    /// It did not arrive, or not now.
    Failed {
        why: String,
        retry_after: Option<Duration>,
    },
    /// It is not wanted, and will not be later.
    Refused { why: String },
    /// It arrived.
    Taken(Bytes),
}

impl Answer {
    pub(super) fn of(outcome: Result<Response<Bytes>, Error>) -> Self {
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                let why = error.to_string();
                match (error.head(), error.kind()) {
                    // Only what was said beside the status is lost.
                    (Some(head), _) => head.clone().map(|()| Bytes::new()),
                    (None, ErrorKind::Invalid) => return Self::Refused { why },
                    (None, _) => {
                        let retry_after = None;
                        return Self::Failed { why, retry_after };
                    }
                }
            }
        };
        let status = response.status();
        let why = status.to_string();
        match status {
            status if status.is_success() => Self::Taken(response.into_body()),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                let retry_after = wait(response.headers());
                Self::Failed { why, retry_after }
            }
            status if status.is_server_error() => {
                let retry_after = wait(response.headers());
                Self::Failed { why, retry_after }
            }
            _ => Self::Refused { why },
        }
    }
}

fn wait(headers: &HeaderMap) -> Option<Duration> {
    let wait = retry_after(headers, Time::now())?;
    Some(wait.min(RETRY_AFTER_MAX))
}
