use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::within::Within;

/// What somebody else makes of the data, so that `readiness` can tell how old it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backups {
    /// The backup's file, or the folder with all of them.
    pub(crate) path: Option<PathBuf>,
    /// How old the newest may be.
    pub(crate) hours_max: Within<1, 8784>,
}

impl Backups {
    pub(crate) fn age_max(&self) -> Duration {
        Duration::from_secs(self.hours_max.get() * 60 * 60)
    }
}

impl Default for Backups {
    fn default() -> Self {
        Self {
            path: None,
            // A day, and what it may take.
            hours_max: Within::new(26),
        }
    }
}
