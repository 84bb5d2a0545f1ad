use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::within::Seconds;

/// How long people stay signed in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedIn {
    /// Without doing anything.
    pub(crate) idle_seconds: Seconds,
    /// However much they do.
    pub(crate) absolute_seconds: Seconds,
}

impl SignedIn {
    pub(crate) fn idle_time(&self) -> Duration {
        Duration::from_secs(self.idle_seconds.get())
    }

    pub(crate) fn absolute_time(&self) -> Duration {
        Duration::from_secs(self.absolute_seconds.get())
    }
}

impl Default for SignedIn {
    fn default() -> Self {
        Self {
            idle_seconds: Seconds::new(30 * 60),
            absolute_seconds: Seconds::new(8 * 60 * 60),
        }
    }
}
