use std::ops::{Deref, DerefMut};

use sqlx::SqliteConnection;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};

use super::identity::FileIdentity;
use super::{Idle, Key, SqliteFiles};

/// A connection to one tenant's file, out of the budget; dropped, it is kept for the next user.
pub(crate) struct FileConnection {
    files: SqliteFiles,
    key: Key,
    /// The file it was opened on.
    identity: FileIdentity,
    /// `None` once it has been closed or kept.
    conn: Option<SqliteConnection>,
    // Dropped after the connection is back, in this order.
    _permit: OwnedSemaphorePermit,
    _writer: Option<OwnedMutexGuard<()>>,
}

impl FileConnection {
    pub(super) fn new(
        files: SqliteFiles,
        idle: Idle,
        permit: OwnedSemaphorePermit,
        writer: Option<OwnedMutexGuard<()>>,
    ) -> Self {
        Self {
            files,
            key: idle.key,
            identity: idle.identity,
            conn: Some(idle.conn),
            _permit: permit,
            _writer: writer,
        }
    }

    /// Gives the connection up; its file may get another.
    pub(crate) fn close(mut self) {
        if let Some(conn) = self.conn.take() {
            drop(conn);
            self.files.state().open -= 1;
        }
    }
}

impl Deref for FileConnection {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.conn.as_ref().expect("only `close` and `drop` take it")
    }
}

impl DerefMut for FileConnection {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.conn.as_mut().expect("only `close` and `drop` take it")
    }
}

impl Drop for FileConnection {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            let mut state = self.files.state();
            if self.files.0.in_use.is_closed() {
                state.open -= 1;
            } else {
                state.idle.push_back(Idle {
                    key: self.key,
                    identity: self.identity,
                    conn,
                });
            }
        }
    }
}
