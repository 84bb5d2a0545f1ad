use std::fs;
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::{Cluster, Postgres, log_file};
use crate::StartError;
use crate::account::Account;
use crate::supervise::{Supervised, blocking};

impl Postgres {
    /// Starts a server that follows this one by streaming replication: it has the same databases
    /// and roles, and lets nobody write. This one keeps a replication slot for it, also while it is
    /// stopped.
    ///
    /// Not for the [`shared`](Self::shared) server, which other tests take for one without
    /// replicas.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn standby(&self) -> Self {
        let primary = Arc::clone(&self.cluster);
        let cluster = blocking(move || primary.start_standby()).await;
        Self {
            cluster: Arc::new(cluster.unwrap_or_else(|error| panic!("{error}"))),
        }
    }
}

impl Cluster {
    fn start_standby(&self) -> Result<Self, StartError> {
        let programs = self.builder.find_programs()?;
        let supervised = Supervised::new("postgres")?;
        let failed = |error: io::Error| StartError::new(format!("cannot copy a server: {error}"));
        // A folder of links may have only some of the programs.
        let initdb = programs.join("initdb").canonicalize().map_err(failed)?;
        let mut copy = Command::new(initdb.with_file_name("pg_basebackup"));
        let primary = self.url("postgres", "postgres");
        // With the settings that make it follow, through a slot of its own.
        let slot = self.unique_name("standby");
        copy.args(["--pgdata=data", "--dbname", &primary])
            .args(["--write-recovery-conf", "--create-slot", "--slot", &slot])
            .args(["--checkpoint=fast", "--no-sync"])
            .current_dir(supervised.folder());
        let account = Account::unprivileged(supervised.folder()).map_err(failed)?;
        if let Some(account) = account {
            account.own(supervised.folder()).map_err(failed)?;
            account.run(&mut copy);
        }
        let output = copy.output().map_err(failed)?;
        if !output.status.success() {
            let log = String::from_utf8_lossy(&output.stderr);
            return Err(StartError::new("pg_basebackup failed").with_log(&log));
        }
        let password = self.password.clone();
        let standby = (self.builder).serve(&programs, supervised, account, password)?;
        // It is ready as soon as what was copied is whole, which may be before it follows.
        let log = log_file(standby.supervised.folder());
        let follows =
            || fs::read_to_string(&log).is_ok_and(|log| log.contains("started streaming WAL"));
        let followed = standby
            .supervised
            .wait_until(Duration::from_secs(60), follows);
        followed.map_err(|error| StartError::new(format!("the standby {error}")))?;
        Ok(standby)
    }
}
