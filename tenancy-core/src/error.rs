use std::error::Error as StdError;
use std::fmt;

use crate::tenant::Unavailability;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a tenancy operation failed.
///
/// Branch on [`kind`](Self::kind); [`source`](StdError::source) is for logs and may hold a
/// database's own words, so it does not belong into an answer to a client.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<BoxError>,
}

/// The cases of [`Error`] a caller can act on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another tenant already uses the slug or domain.
    AddressTaken,
    /// The row would break a rule of the schema.
    CheckViolation,
    /// What was stored could not be read back; retrying will not help.
    Corrupt,
    /// The database or Redis refused the statement for a reason of its own; see the source.
    Database,
    /// A row names another that does not exist, or is still named by one.
    ForeignKeyViolation,
    /// A statement of this transaction was cut off before its outcome was known, so the
    /// transaction was rolled back instead of committed.
    Interrupted,
    /// A value is outside its bounds; the source says which.
    InvalidInput,
    /// A request with the same idempotency key is still being worked on.
    KeyInFlight,
    /// The idempotency key was used before with another request.
    KeyReused,
    /// The tenant exists, and its state does not allow this work now.
    NotAvailable(Unavailability),
    /// There is no such tenant or record.
    NotFound,
    /// The tenant would keep more than it may.
    QuotaExceeded,
    /// The transaction was opened for reading.
    ReadOnly,
    /// The answer is too large to be kept for repetitions, so nothing was done; a smaller request, or
    /// one without an idempotency key, can succeed.
    ReplyTooLarge,
    /// The database gave up a transaction that raced another; the operation may be retried.
    SerializationFailure,
    /// The work took longer than its bound.
    TimedOut,
    /// The store could not be reached; the operation may be retried.
    Unavailable,
    /// A row with the same unique value exists.
    UniqueViolation,
    /// The scope was made by another [`Tenants`](crate::Tenants) than the store belongs to.
    WrongRealm,
    /// A record of one tenant was handed to the scope of another.
    WrongTenant,
}

impl Error {
    /// An error without a cause beneath it.
    pub fn new(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error with its cause, which is kept for logs.
    pub fn with_source(kind: ErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What happened, to branch on.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::KeyInFlight
                | ErrorKind::SerializationFailure
                | ErrorKind::TimedOut
                | ErrorKind::Unavailable
        )
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::AddressTaken => "another tenant already uses the address",
            ErrorKind::CheckViolation => "the row breaks a rule of the schema",
            ErrorKind::Corrupt => "stored data could not be read back",
            ErrorKind::Database => "the database refused the statement",
            ErrorKind::ForeignKeyViolation => "a row names one that is not there",
            ErrorKind::Interrupted => "a statement was cut off, so the transaction was rolled back",
            ErrorKind::InvalidInput => "a value is outside its bounds",
            ErrorKind::KeyInFlight => "a request with this idempotency key is in flight",
            ErrorKind::KeyReused => "the idempotency key belongs to another request",
            ErrorKind::NotAvailable(state) => return write!(f, "the tenant is {state}"),
            ErrorKind::NotFound => "not found",
            ErrorKind::QuotaExceeded => "the tenant would keep more than it may",
            ErrorKind::ReadOnly => "the transaction is read-only",
            ErrorKind::ReplyTooLarge => {
                "the answer is too large to be kept for the idempotency key, so nothing was done"
            }
            ErrorKind::SerializationFailure => "the transaction raced another",
            ErrorKind::TimedOut => "the work took longer than its bound",
            ErrorKind::Unavailable => "the store could not be reached",
            ErrorKind::UniqueViolation => "a row with the same unique value exists",
            ErrorKind::WrongRealm => "the scope belongs to another realm",
            ErrorKind::WrongTenant => "the record belongs to another tenant",
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
