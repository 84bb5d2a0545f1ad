//! What can be mended without a decision: nothing is lost by it, and nobody waits for it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde::Serialize;
use tenancy_observability::readiness::{Report, Status};

use super::{DATABASE_ID, FOLDER_ID};
use crate::command::Migrate;
use crate::config::Config;
use crate::failure::Failure;

/// What has become of one mend.
#[derive(Debug, Serialize)]
pub(crate) struct Mended {
    /// The check's.
    id: &'static str,
    done: bool,
    says: String,
}

/// Mends what failed and can be mended so.
pub(crate) async fn all(config: &Config, report: &Report) -> Vec<Mended> {
    let failed = |id: &str| {
        let mut checks = report.checks.iter();
        checks.any(|check| check.id == id && check.finding.status == Status::Fail)
    };
    let mut all = vec![];
    if failed(FOLDER_ID) {
        all.push(Mended::of(FOLDER_ID, keep_private(config)));
    }
    if failed(DATABASE_ID) && config.owner_database_url.is_some() {
        let migrated = Migrate::default().run(config.clone()).await;
        let says = migrated.map(|_| "the schema was made current".to_owned());
        all.push(Mended::of(DATABASE_ID, says));
    }
    all
}

/// What the platform makes in its folder. Where there is more, somebody else may need the way in.
const OWN: [&str; 7] = [
    "control.sock",
    "media",
    "registry.db",
    "registry.db-shm",
    "registry.db-wal",
    "secret",
    "tenants",
];

fn keep_private(config: &Config) -> Result<String, Failure> {
    for entry in fs::read_dir(&config.data)? {
        let name = entry?.file_name();
        if !OWN.iter().any(|own| name == *own) {
            let (shown, name) = (config.data.display(), name.display());
            return Err(Failure::new(format!(
                "{shown} has {name} in it, which is not the platform's: see who needs it"
            )));
        }
    }
    fs::set_permissions(&config.data, Permissions::from_mode(0o700))?;
    let shown = config.data.display();
    Ok(format!("only its owner may open {shown} now"))
}

impl Mended {
    fn of(id: &'static str, done: Result<String, Failure>) -> Self {
        Self {
            id,
            done: done.is_ok(),
            says: done.unwrap_or_else(|failure| failure.to_string()),
        }
    }
}

impl std::fmt::Display for Mended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.done { "mended" } else { "left" };
        write!(f, "{word:7}  {}: {}", self.id, self.says)
    }
}
