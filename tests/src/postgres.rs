//! PostgreSQL clusters of the tests' own.

mod builder;
mod database;
mod programs;
mod standby;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::StartError;
use crate::supervise::{Signal, Supervised, blocking};

pub use self::builder::PostgresBuilder;
pub use self::database::TestDatabase;

/// A private PostgreSQL server, on a free loopback port and in a temporary folder.
///
/// It knows three roles, each with a password: the superuser `postgres`; `tenancy_owner`, which
/// owns the databases; and `tenancy_app`, which owns nothing and is what a server logs in as. The
/// last two are neither superusers nor exempt from row-level security.
///
/// Use [`shared`](Self::shared) unless the test breaks the server; then [`start`](Self::start) one
/// that no other test sees. Dropping the last clone ends the server and removes its files, and so
/// does the end of the test process.
///
/// ```no_run
/// # async fn example() {
/// use tenancy_tests::Postgres;
///
/// let database = Postgres::shared().await.empty_database().await;
/// println!("{}", database.owner_url());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Postgres {
    cluster: Arc<Cluster>,
}

impl Postgres {
    /// The server that the tests of this process share, started on first use.
    ///
    /// # Panics
    /// When it cannot be started, for example because PostgreSQL is not installed.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Postgres, StartError>> = OnceLock::new();
        // Every test has a runtime of its own, so the start must not belong to one of them.
        let started = blocking(|| SHARED.get_or_init(|| Self::builder().start_blocking())).await;
        match started {
            Ok(postgres) => postgres,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts a server for one test, which may break it.
    ///
    /// # Panics
    /// When it cannot be started, for example because PostgreSQL is not installed.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A server with other settings than the usual.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    /// The loopback port the server listens on; it keeps it across restarts.
    pub fn port(&self) -> u16 {
        self.cluster.port
    }

    /// The folder of the server's Unix socket, which a client takes as host name.
    pub fn socket_folder(&self) -> &Path {
        self.cluster.supervised.folder()
    }

    /// The server's first process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.cluster.supervised.pid()
    }

    /// Everything the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(log_file(self.socket_folder())).unwrap_or_default()
    }

    /// Ends the server in an orderly way, breaking its connections (`pg_ctl stop -m fast`).
    pub async fn stop(&self) {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || {
            cluster
                .supervised
                .end(Signal::Interrupt, Duration::from_secs(30))
        })
        .await;
    }

    /// Kills all of the server's processes at once, as a power cut would.
    pub async fn kill(&self) {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || cluster.kill()).await;
    }

    /// Freezes the server: connections stay open, and nothing answers.
    pub async fn pause(&self) {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || cluster.supervised.signal_all(Signal::Stop)).await;
    }

    /// Continues after [`pause`](Self::pause).
    pub async fn resume(&self) {
        let cluster = Arc::clone(&self.cluster);
        blocking(move || cluster.supervised.signal_all(Signal::Continue)).await;
    }

    /// Starts the server after [`stop`](Self::stop) or [`kill`](Self::kill); stops it first where
    /// it still runs. Port, roles and data stay.
    ///
    /// # Panics
    /// When the server does not come back.
    pub async fn restart(&self) {
        let cluster = Arc::clone(&self.cluster);
        let restarted = blocking(move || {
            cluster
                .supervised
                .end(Signal::Interrupt, Duration::from_secs(30));
            cluster
                .supervised
                .relaunch()
                .map_err(|error| StartError::new(error.to_string()))?;
            wait_until_ready(&cluster.supervised)
        });
        if let Err(error) = restarted.await {
            panic!("PostgreSQL did not come back: {error}");
        }
    }

    /// The superuser's connection string for the database called `name`.
    pub fn superuser_url(&self, name: &str) -> String {
        self.cluster.url("postgres", name)
    }
}

#[derive(Debug)]
struct Cluster {
    supervised: Supervised,
    builder: PostgresBuilder,
    port: u16,
    password: String,
    templates: Mutex<HashMap<String, Arc<tokio::sync::OnceCell<String>>>>,
    databases: AtomicU64,
}

impl Cluster {
    fn url(&self, role: &str, database: &str) -> String {
        format!(
            "postgres://{role}:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    fn unique_name(&self, prefix: &str) -> String {
        format!(
            "{prefix}_{}",
            self.databases.fetch_add(1, Ordering::Relaxed)
        )
    }

    fn kill(&self) {
        let status = fs::read_to_string(status_file(self.supervised.folder())).unwrap_or_default();
        self.supervised.kill();
        // A server that ends by itself removes its shared memory segment; this one could not.
        if let Some(segment) = shared_memory_segment(&status) {
            let _ = Command::new("ipcrm")
                .args(["-m", segment])
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// Waits until the server takes connections.
fn wait_until_ready(supervised: &Supervised) -> Result<(), StartError> {
    let status = status_file(supervised.folder());
    let ready = || fs::read_to_string(&status).is_ok_and(|text| is_ready(&text, supervised.pid()));
    supervised
        .wait_until(Duration::from_secs(60), ready)
        .map_err(|error| {
            let log = fs::read_to_string(log_file(supervised.folder())).unwrap_or_default();
            StartError::new(format!("PostgreSQL {error}")).with_log(&log)
        })
}

fn status_file(folder: &Path) -> PathBuf {
    folder.join("data/postmaster.pid")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Reads `postmaster.pid`, which names the server in its first line and its state in the eighth. A
/// killed server leaves the file behind.
fn is_ready(postmaster_pid: &str, pid: Option<u32>) -> bool {
    let mut lines = postmaster_pid.lines();
    let is_current = lines.next().and_then(|line| line.parse().ok()) == pid;
    is_current
        && lines
            .nth(6)
            .is_some_and(|state| state.trim_end() == "ready")
}

/// Reads the seventh line of `postmaster.pid`: the segment's key, then its id.
fn shared_memory_segment(postmaster_pid: &str) -> Option<&str> {
    postmaster_pid.lines().nth(6)?.split_whitespace().nth(1)
}
