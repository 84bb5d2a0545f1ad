use http::StatusCode;
use jiff::SignedDuration;

use super::Problem;
use crate::error::{Error, ErrorKind};
use crate::layer::Refusal;

/// What a client may be told of an error: never its source, which can hold a database's words.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::NotAvailable(state) => Self::from(&Refusal::from(state)),
            ErrorKind::NotFound | ErrorKind::WrongTenant => Self::new(StatusCode::NOT_FOUND),
            ErrorKind::AddressTaken
            | ErrorKind::ForeignKeyViolation
            | ErrorKind::KeyInFlight
            | ErrorKind::UniqueViolation => said(StatusCode::CONFLICT, error),
            ErrorKind::CheckViolation | ErrorKind::InvalidInput | ErrorKind::KeyReused => {
                said(StatusCode::UNPROCESSABLE_ENTITY, error)
            }
            ErrorKind::QuotaExceeded | ErrorKind::ReplyTooLarge => {
                said(StatusCode::PAYLOAD_TOO_LARGE, error)
            }
            ErrorKind::SerializationFailure => said(StatusCode::SERVICE_UNAVAILABLE, error)
                .retry_after(SignedDuration::from_secs(1)),
            ErrorKind::TimedOut | ErrorKind::Unavailable => {
                Self::from(&Refusal::RegistryUnavailable)
            }
            ErrorKind::Corrupt
            | ErrorKind::Database
            | ErrorKind::Interrupted
            | ErrorKind::ReadOnly
            | ErrorKind::WrongRealm => Self::new(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

fn said(status: StatusCode, error: &Error) -> Problem {
    Problem::new(status).detail(error.to_string())
}
