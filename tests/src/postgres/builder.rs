use std::collections::HashMap;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::programs::{find_programs, is_supported};
use super::{Cluster, Postgres, log_file, wait_until_ready};
use crate::StartError;
use crate::account::Account;
use crate::port::free_port;
use crate::supervise::{Signal, Supervised, blocking};

/// Settings that trade durability and background work for quick tests.
const USUAL_SETTINGS: &[(&str, &str)] = &[
    ("autovacuum", "off"),
    // Files in the data folder vanish with it, unlike those in /dev/shm after a kill.
    ("dynamic_shared_memory_type", "mmap"),
    ("full_page_writes", "off"),
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "300"),
    ("shared_buffers", "32MB"),
    ("ssl", "off"),
    ("synchronous_commit", "on"),
    ("timezone", "UTC"),
];

/// A [`Postgres`] about to be started.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PostgresBuilder {
    fsync: bool,
    programs: Option<PathBuf>,
    settings: Vec<(String, String)>,
}

impl PostgresBuilder {
    /// Sets whether commits wait for the disk, as a benchmark of commits needs. Default: no.
    pub fn fsync(mut self, fsync: bool) -> Self {
        self.fsync = fsync;
        self
    }

    /// Sets a parameter of `postgresql.conf`. Later calls win.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the folder of `initdb` and `postgres`. Default: from `PATH`, from `pg_config`, else the
    /// newest under `/usr/lib/postgresql`.
    pub fn programs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.programs = Some(folder.into());
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start(self) -> Postgres {
        self.try_start()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts the server, or says what is missing.
    pub async fn try_start(self) -> Result<Postgres, StartError> {
        blocking(move || self.start_blocking()).await
    }

    pub(super) fn start_blocking(&self) -> Result<Postgres, StartError> {
        let programs = self.find_programs()?;
        let supervised = Supervised::new("postgres")?;
        let password = format!("{:016x}", RandomState::new().hash_one("password"));
        let account = initialize(&programs, supervised.folder(), &password)?;
        let cluster = self.serve(&programs, supervised, account, password)?;
        cluster.create_roles()?;
        Ok(Postgres {
            cluster: Arc::new(cluster),
        })
    }

    /// The folder of the programs, which is known to be one.
    pub(super) fn find_programs(&self) -> Result<PathBuf, StartError> {
        match &self.programs {
            Some(folder) if is_supported(folder) => Ok(folder.clone()),
            Some(folder) => {
                let folder = folder.display();
                Err(StartError::new(format!(
                    "{folder} holds no PostgreSQL 15 or newer: apt-get install postgresql"
                )))
            }
            None => find_programs(),
        }
    }

    /// Starts the server of a data folder that is there.
    pub(super) fn serve(
        &self,
        programs: &Path,
        supervised: Supervised,
        account: Option<Account>,
        password: String,
    ) -> Result<Cluster, StartError> {
        let port = self.launch(programs, &supervised, account)?;
        Ok(Cluster {
            supervised,
            builder: self.clone(),
            port,
            password,
            templates: Mutex::new(HashMap::new()),
            databases: AtomicU64::new(1),
        })
    }

    /// Starts `postgres` on a free port, which it returns.
    fn launch(
        &self,
        programs: &Path,
        supervised: &Supervised,
        account: Option<Account>,
    ) -> Result<u16, StartError> {
        let folder = supervised.folder();
        let failed = |error: io::Error| StartError::new(format!("cannot run postgres: {error}"));
        loop {
            let port = free_port();
            let log = File::create(log_file(folder)).map_err(failed)?;
            let mut postgres = supervised.command(&programs.join("postgres"));
            postgres
                .args(["-D", "data", "-k"])
                .arg(folder)
                .args(["-p", &port.to_string()])
                .args(self.settings())
                .stdout(log.try_clone().map_err(failed)?)
                .stderr(log);
            if let Some(account) = account {
                account.run(&mut postgres);
            }
            supervised.launch(postgres, Signal::Quit).map_err(failed)?;
            match wait_until_ready(supervised) {
                Ok(()) => return Ok(port),
                // The port was free a moment ago, and another program has taken it since.
                Err(error) if error.mentions("Address already in use") => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn settings(&self) -> impl Iterator<Item = String> {
        let fsync = if self.fsync { "on" } else { "off" };
        let usual = USUAL_SETTINGS.iter().copied().chain([("fsync", fsync)]);
        let own = self
            .settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        usual
            .chain(own)
            .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
    }
}

impl Cluster {
    fn create_roles(&self) -> Result<(), StartError> {
        let failed = |error: sqlx::Error| StartError::new(format!("cannot create roles: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(error.into()))?;
        let password = &self.password;
        let roles = format!(
            "CREATE ROLE tenancy_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{password}';
             CREATE ROLE tenancy_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{password}';"
        );
        runtime
            .block_on(async {
                let mut connection =
                    PgConnection::connect(&self.url("postgres", "postgres")).await?;
                sqlx::raw_sql(AssertSqlSafe(roles))
                    .execute(&mut connection)
                    .await?;
                connection.close().await
            })
            .map_err(failed)
    }
}

/// Runs `initdb`, and tells which account the server has to run as.
fn initialize(
    programs: &Path,
    folder: &Path,
    password: &str,
) -> Result<Option<Account>, StartError> {
    let failed = |error: io::Error| StartError::new(format!("cannot run initdb: {error}"));
    let password_file = folder.join("password");
    fs::write(&password_file, password).map_err(failed)?;
    let mut initdb = Command::new(programs.join("initdb"));
    initdb
        .args([
            "--no-sync",
            "--no-instructions",
            "--username=postgres",
            "--auth=password",
        ])
        .args([
            "--encoding=UTF8",
            locale(),
            "--pgdata=data",
            "--pwfile=password",
        ])
        .current_dir(folder);
    let account = Account::unprivileged(folder).map_err(failed)?;
    if let Some(account) = account {
        account.own(folder).map_err(failed)?;
        account.own(&password_file).map_err(failed)?;
        account.run(&mut initdb);
    }
    let output = initdb.output().map_err(failed)?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(StartError::new("initdb failed").with_log(&log));
    }
    Ok(account)
}

/// Sorts by code point and still knows letters beyond ASCII.
fn locale() -> &'static str {
    if cfg!(target_os = "linux") {
        "--locale=C.UTF-8"
    } else {
        "--locale=en_US.UTF-8"
    }
}
