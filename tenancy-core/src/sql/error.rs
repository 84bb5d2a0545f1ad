use sqlx::error::ErrorKind as Violation;

use crate::error::{Error, ErrorKind};

/// The one place where a driver's error gets its meaning.
pub(crate) fn sql_error(error: sqlx::Error) -> Error {
    let kind = match &error {
        sqlx::Error::Database(cause) => match cause.kind() {
            Violation::UniqueViolation | Violation::ExclusionViolation => {
                ErrorKind::UniqueViolation
            }
            Violation::ForeignKeyViolation => ErrorKind::ForeignKeyViolation,
            Violation::CheckViolation | Violation::NotNullViolation => ErrorKind::CheckViolation,
            _ => by_code(cause.code().as_deref().unwrap_or_default()),
        },
        sqlx::Error::RowNotFound => ErrorKind::NotFound,
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::Decode(_) => ErrorKind::Corrupt,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => ErrorKind::Unavailable,
        _ => ErrorKind::Database,
    };
    Error::with_source(kind, error)
}

/// The meaning of a connection that could not be had: whatever the cause, the store is out of reach.
pub(crate) fn connect_error(error: sqlx::Error) -> Error {
    Error::with_source(ErrorKind::Unavailable, error)
}

/// Whether the connection, rather than the statement, is at fault.
pub(crate) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        // Class 57P: the server shut the session down.
        sqlx::Error::Database(cause) => cause.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// PostgreSQL's SQLSTATE (five characters) or SQLite's extended result code (a number).
fn by_code(code: &str) -> ErrorKind {
    match code {
        "40001" | "40P01" => ErrorKind::SerializationFailure,
        "25006" | "8" => ErrorKind::ReadOnly,
        "25P02" => ErrorKind::Interrupted,
        "57014" | "55P03" | "25P03" => ErrorKind::TimedOut,
        // SQLITE_BUSY and its snapshot form: the file stayed locked for the whole busy time-out.
        "5" | "261" | "517" => ErrorKind::SerializationFailure,
        "53300" | "14" => ErrorKind::Unavailable,
        _ if code.len() == 5 => match &code[..2] {
            "08" | "57" => ErrorKind::Unavailable,
            "22" => ErrorKind::InvalidInput,
            _ => ErrorKind::Database,
        },
        _ => ErrorKind::Database,
    }
}
