use sqlx::error::ErrorKind as Violation;

use crate::error::{Error, ErrorKind};

/// A statement that this connection prepared is unknown to the session it has got, or another
/// client's is there in its place.
#[derive(Debug, thiserror::Error)]
#[error(
    "a pooler gives this connection sessions with other prepared statements than its own: use \
     PgBouncer 1.21 or newer with max_prepared_statements above zero, or pool_mode = session"
)]
struct ForeignSession(#[source] sqlx::Error);

/// The one place where a driver's error gets its meaning.
pub(crate) fn sql_error(error: sqlx::Error) -> Error {
    if is_foreign_session(&error) {
        return Error::with_source(ErrorKind::Database, ForeignSession(error));
    }
    let kind = match &error {
        sqlx::Error::Database(cause) => match cause.kind() {
            Violation::UniqueViolation | Violation::ExclusionViolation => {
                ErrorKind::UniqueViolation
            }
            Violation::ForeignKeyViolation => ErrorKind::ForeignKeyViolation,
            Violation::CheckViolation | Violation::NotNullViolation => ErrorKind::CheckViolation,
            // SQLite has no code of its own for it.
            _ if cause.message() == "integer overflow" => ErrorKind::InvalidInput,
            _ => by_code(cause.code().as_deref().unwrap_or_default()),
        },
        sqlx::Error::RowNotFound => ErrorKind::NotFound,
        sqlx::Error::ColumnDecode { source, .. } if is_overflow(&**source) => {
            ErrorKind::InvalidInput
        }
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

/// Invalid statement name, or duplicate prepared statement. The driver names its statements itself and
/// makes neither mistake.
fn is_foreign_session(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|cause| cause.code());
    matches!(code.as_deref(), Some("26000" | "42P05"))
}

/// Whether an integer was to be read where SQLite has a REAL: it goes on with one when an integer
/// overflows, where PostgreSQL refuses.
fn is_overflow(mismatch: &(dyn std::error::Error + 'static)) -> bool {
    let text = mismatch.to_string();
    text.contains("(as SQL type `INTEGER`)") && text.contains("with SQL type `REAL`")
}

/// PostgreSQL's SQLSTATE (five characters) or SQLite's extended result code (a shorter number).
fn by_code(code: &str) -> ErrorKind {
    match code.parse() {
        Ok(number) if code.len() < 5 => by_sqlite_code(number),
        _ => by_sqlstate(code),
    }
}

fn by_sqlite_code(code: u16) -> ErrorKind {
    /// What is written is no value of a STRICT table's column.
    const CONSTRAINT_DATATYPE: u16 = 3091;
    /// The connection or the transaction is for reading; with more detail it is the file.
    const READONLY: u16 = 8;
    match code {
        READONLY => ErrorKind::ReadOnly,
        CONSTRAINT_DATATYPE => ErrorKind::InvalidInput,
        // The lowest byte names the family.
        _ => match code & 0xff {
            // BUSY: the file stayed locked for the whole busy time-out.
            5 => ErrorKind::SerializationFailure,
            // A read-only file, IOERR, FULL, CANTOPEN.
            8 | 10 | 13 | 14 => ErrorKind::Unavailable,
            // CORRUPT, NOTADB.
            11 | 26 => ErrorKind::Corrupt,
            // TOOBIG, MISMATCH.
            18 | 20 => ErrorKind::InvalidInput,
            _ => ErrorKind::Database,
        },
    }
}

fn by_sqlstate(code: &str) -> ErrorKind {
    match code {
        "40001" | "40P01" => ErrorKind::SerializationFailure,
        "25006" => ErrorKind::ReadOnly,
        "25P02" => ErrorKind::Interrupted,
        "57014" | "55P03" | "25P03" => ErrorKind::TimedOut,
        _ if code.len() == 5 => match &code[..2] {
            // Connections, resources (a full disk, too many connections), an operator's doing.
            "08" | "53" | "57" => ErrorKind::Unavailable,
            "22" => ErrorKind::InvalidInput,
            _ => ErrorKind::Database,
        },
        _ => ErrorKind::Database,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_either_database_has_its_meaning() {
        let check = |code: &str, expected: ErrorKind| assert_eq!(by_code(code), expected, "{code}");
        check("40001", ErrorKind::SerializationFailure);
        check("22003", ErrorKind::InvalidInput);
        check("57P01", ErrorKind::Unavailable);
        check("53100", ErrorKind::Unavailable); // disk_full
        check("42P01", ErrorKind::Database);
        check("1", ErrorKind::Database);
        check("5", ErrorKind::SerializationFailure);
        check("261", ErrorKind::SerializationFailure); // BUSY_RECOVERY
        check("517", ErrorKind::SerializationFailure); // BUSY_SNAPSHOT
        check("8", ErrorKind::ReadOnly);
        check("1032", ErrorKind::Unavailable); // READONLY_DBMOVED
        check("10", ErrorKind::Unavailable);
        check("778", ErrorKind::Unavailable); // IOERR_WRITE
        check("4874", ErrorKind::Unavailable); // IOERR_SHMSIZE
        check("13", ErrorKind::Unavailable);
        check("14", ErrorKind::Unavailable);
        check("270", ErrorKind::Unavailable); // CANTOPEN_NOTEMPDIR
        check("267", ErrorKind::Corrupt); // CORRUPT_VTAB
        check("26", ErrorKind::Corrupt);
        check("3091", ErrorKind::InvalidInput);
        check("275", ErrorKind::Database); // other constraints have kinds of their own
        check("", ErrorKind::Database);
    }
}
