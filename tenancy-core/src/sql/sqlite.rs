//! A folder of SQLite files under one budget of connections.

mod file;
mod identity;
mod no_attach;
mod private;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use log::LevelFilter;
use sqlx::Connection as _;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore};

pub(crate) use self::file::FileConnection;
use self::identity::FileIdentity;
use super::connection::Mode;
use super::error::{connect_error, sql_error};
use crate::error::{Error, ErrorKind};
use crate::tenant::TenantId;

/// Connections to the registry's own file.
const REGISTRY_CONNECTIONS: u32 = 4;

/// One file for each tenant, one for the registry, and a bound on all their connections.
#[derive(Clone)]
pub(crate) struct SqliteFiles(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    registry: SqlitePool,
    registry_identity: FileIdentity,
    /// How every file is opened.
    options: SqliteConnectOptions,
    time_out: Duration,
    budget: usize,
    /// One permit for each connection in use; fair, so no tenant starves.
    in_use: Arc<Semaphore>,
    state: Mutex<State>, // std's: never held across an await
}

#[derive(Default)]
struct State {
    /// Clean connections kept for their tenant, the longest unused first.
    idle: VecDeque<Idle>,
    /// How many connections exist, idle and in use.
    open: usize,
    /// Writers of one file queue here instead of polling SQLite's lock.
    writers: HashMap<TenantId, Weak<AsyncMutex<()>>>,
    /// Files whose schema this process has found current.
    migrated: HashSet<TenantId>,
}

/// A connection that nobody uses.
struct Idle {
    key: Key,
    /// The file it was opened on.
    identity: FileIdentity,
    conn: SqliteConnection,
}

type Key = (TenantId, Reuse);

/// Which later transactions a connection can serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reuse {
    Read,
    Write,
}

impl SqliteFiles {
    pub(crate) async fn open(
        folder: &Path,
        connections: u32,
        time_out: Duration,
        slow_statements: Duration,
    ) -> Result<Self, Error> {
        let path = folder.join("registry.db");
        private::create_folder(&folder.join("tenants"))
            .and_then(|()| private::create_file(&path))
            .map_err(|error| Error::with_source(ErrorKind::Unavailable, error))?;
        let options = options(time_out).log_slow_statements(LevelFilter::Warn, slow_statements);
        let registry = options.clone().filename(&path).create_if_missing(true);
        let registry = SqlitePoolOptions::new()
            .max_connections(REGISTRY_CONNECTIONS)
            .acquire_timeout(time_out)
            .test_before_acquire(false)
            .connect_with(registry)
            .await
            .map_err(sql_error)?;
        let registry_identity = FileIdentity::of(&path)
            .map_err(|error| Error::with_source(ErrorKind::Unavailable, error))?;
        let budget = connections as usize;
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            registry,
            registry_identity,
            options,
            time_out,
            budget,
            in_use: Arc::new(Semaphore::new(budget)),
            state: Mutex::default(),
        })))
    }

    /// A connection to the registry's file, while it and the tenants' folder are in their places.
    pub(crate) async fn registry(&self) -> Result<PoolConnection<Sqlite>, Error> {
        let identity = FileIdentity::of(&self.0.folder.join("registry.db"));
        if identity.ok() != Some(self.0.registry_identity) {
            return Err(moved("the registry's file"));
        }
        if !self.0.folder.join("tenants").is_dir() {
            return Err(moved("the folder of the tenants' files"));
        }
        self.0.registry.acquire().await.map_err(connect_error)
    }

    /// Opens the registry's file once more, which reads its head.
    pub(crate) async fn answers_aside(&self) -> Result<(), Error> {
        let file = self.0.folder.join("registry.db");
        let conn = options(self.0.time_out).filename(file).connect().await;
        conn.map_err(connect_error)?
            .close()
            .await
            .map_err(connect_error)
    }

    pub(crate) fn connections(&self) -> (u32, u32) {
        let open = u32::try_from(self.state().open).unwrap_or(u32::MAX);
        (open, u32::try_from(self.0.budget).unwrap_or(u32::MAX))
    }

    /// A connection to a tenant's file, within the budget.
    ///
    /// A writer first takes its place among the writers of the file, so that it does not hold a
    /// connection while it waits.
    pub(crate) async fn acquire(&self, id: TenantId, mode: Mode) -> Result<FileConnection, Error> {
        let wait = async {
            let writer = match mode {
                Mode::Read => None,
                Mode::Write => Some(self.writer(id).lock_owned().await),
            };
            self.acquire_as(id, mode, writer).await
        };
        tokio::time::timeout(self.0.time_out, wait)
            .await
            .map_err(|elapsed| Error::with_source(ErrorKind::Unavailable, elapsed))?
    }

    async fn acquire_as(
        &self,
        id: TenantId,
        mode: Mode,
        writer: Option<OwnedMutexGuard<()>>,
    ) -> Result<FileConnection, Error> {
        let Ok(permit) = self.0.in_use.clone().acquire_owned().await else {
            return Err(ErrorKind::Unavailable.into());
        };
        let reuse = match mode {
            Mode::Read => Reuse::Read,
            Mode::Write => Reuse::Write,
        };
        let key = (id, reuse);
        let found = FileIdentity::of(&self.path(id));
        if let Some(idle) = self.take_idle(key) {
            if found.ok() != Some(idle.identity) {
                self.forget(idle);
                return Err(moved(&format!("the file of tenant {id}")));
            }
            return Ok(FileConnection::new(self.clone(), idle, permit, writer));
        }
        // Seen before it is opened: a file that comes in between is taken for a stranger later.
        let identity = found.map_err(|_| Self::missing(id))?;
        if let Some(oldest) = self.make_room() {
            let room = Room::reserved(self);
            if let Err(error) = oldest.conn.close().await {
                tracing::debug!(%error, "an idle connection did not close cleanly");
            }
            room.pass_on(); // the new connection takes the closed one's place
        }
        let room = Room::reserved(self);
        let mut conn = self
            .file_options(id, reuse)
            .connect()
            .await
            .map_err(|error| self.open_error(id, error))?;
        no_attach::forbid(&mut conn).await.map_err(sql_error)?;
        room.pass_on(); // from here on the connection itself gives it back
        let idle = Idle {
            key,
            identity,
            conn,
        };
        Ok(FileConnection::new(self.clone(), idle, permit, writer))
    }

    fn take_idle(&self, key: Key) -> Option<Idle> {
        let mut state = self.state();
        let position = state.idle.iter().rposition(|idle| idle.key == key)?;
        state.idle.remove(position)
    }

    /// Gives up a connection whose file is no longer in its place, and what was known of the file.
    fn forget(&self, idle: Idle) {
        let (id, _) = idle.key;
        drop(idle.conn);
        let mut state = self.state();
        state.open -= 1;
        state.migrated.remove(&id);
    }

    /// Reserves a place for one more connection; when all are taken, gives back the longest
    /// unused one, whose place it is. There is one, since the caller holds a permit without a
    /// connection.
    fn make_room(&self) -> Option<Idle> {
        let mut state = self.state();
        if state.open < self.0.budget {
            state.open += 1;
            return None;
        }
        state.idle.pop_front()
    }

    fn file_options(&self, id: TenantId, reuse: Reuse) -> SqliteConnectOptions {
        let options = self.0.options.clone();
        let options = options.filename(self.path(id)).create_if_missing(false);
        match reuse {
            Reuse::Read => options.pragma("query_only", "ON"),
            Reuse::Write => options,
        }
    }

    fn open_error(&self, id: TenantId, error: sqlx::Error) -> Error {
        if self.path(id).exists() {
            sql_error(error)
        } else {
            Self::missing(id)
        }
    }

    /// A missing file is never made on the way: an empty shop would look like a lost one.
    pub(crate) fn missing(id: TenantId) -> Error {
        Error::with_source(
            ErrorKind::Unavailable,
            format!("the file of tenant {id} is missing"),
        )
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The tenant's file. An id is letters, digits and hyphens, so the path cannot leave the
    /// folder.
    pub(crate) fn path(&self, id: TenantId) -> PathBuf {
        self.0.folder.join("tenants").join(format!("{id}.db"))
    }

    pub(crate) fn is_migrated(&self, id: TenantId) -> bool {
        self.state().migrated.contains(&id)
    }

    pub(crate) fn note_migrated(&self, id: TenantId) {
        self.state().migrated.insert(id);
    }

    /// A connection outside the budget, for bringing a file's schema up to date.
    pub(crate) async fn connect_for_migration(
        &self,
        id: TenantId,
        create: bool,
    ) -> Result<SqliteConnection, Error> {
        let path = self.path(id);
        if create {
            private::create_file(&path)
                .map_err(|error| Error::with_source(ErrorKind::Unavailable, error))?;
        }
        let options = self.0.options.clone();
        options
            .filename(path)
            .create_if_missing(create)
            .connect()
            .await
            .map_err(|error| self.open_error(id, error))
    }

    pub(crate) async fn close(&self) {
        self.0.in_use.close();
        let idle = std::mem::take(&mut self.state().idle);
        for idle in idle {
            if let Err(error) = idle.conn.close().await {
                tracing::debug!(%error, "an idle connection did not close cleanly");
            }
            self.state().open -= 1;
        }
        self.0.registry.close().await;
    }

    fn writer(&self, id: TenantId) -> Arc<AsyncMutex<()>> {
        let mut state = self.state();
        if let Some(writer) = state.writers.get(&id).and_then(Weak::upgrade) {
            return writer;
        }
        if state.writers.len() == state.writers.capacity() {
            state.writers.retain(|_, writer| writer.strong_count() > 0);
        }
        let writer = Arc::default();
        state.writers.insert(id, Arc::downgrade(&writer));
        writer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Critical sections are whole map operations, so a poisoned state is still whole.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn moved(what: &str) -> Error {
    let text = format!("{what} has been removed or replaced under the running server");
    Error::with_source(ErrorKind::Unavailable, text)
}

/// A reserved place among the open connections; given back unless passed on.
struct Room<'a> {
    files: &'a SqliteFiles,
    passed_on: bool,
}

impl<'a> Room<'a> {
    fn reserved(files: &'a SqliteFiles) -> Self {
        Self {
            files,
            passed_on: false,
        }
    }

    fn pass_on(mut self) {
        self.passed_on = true;
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if !self.passed_on {
            self.files.state().open -= 1;
        }
    }
}

fn options(busy_time_out: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(busy_time_out)
        .optimize_on_close(false, None)
        .pragma("trusted_schema", "OFF")
}
