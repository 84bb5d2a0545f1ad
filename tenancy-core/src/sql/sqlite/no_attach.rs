#![allow(
    unsafe_code,
    reason = "the limit can be set only through SQLite's C interface"
)]

use libsqlite3_sys::{SQLITE_LIMIT_ATTACHED, sqlite3_limit};
use sqlx::SqliteConnection;

/// Forbids `ATTACH` on a connection, so that no statement reaches another tenant's file.
pub(super) async fn forbid(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut handle = conn.lock_handle().await?;
    // SAFETY: the handle is valid and locked against the worker thread for the call's length;
    // `sqlite3_limit` only writes an integer inside it.
    unsafe { sqlite3_limit(handle.as_raw_handle().as_ptr(), SQLITE_LIMIT_ATTACHED, 0) };
    Ok(())
}
