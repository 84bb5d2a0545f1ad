use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::within::{Seconds, Within};
use crate::secret::Secret;

/// How the server looks after its parts, and who is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    /// Shown to `/health` as `Authorization: Bearer` for how the parts are; without it nobody is told.
    pub(crate) token: Option<Secret>,
    /// How often the database is looked at; the other parts less often.
    pub(crate) every_seconds: Seconds,
    /// How long the server goes on with new requests after it was asked to end, while `/readyz` says
    /// that it wants none: as long as those who send them need to find out. By default five seconds
    /// where other machines reach it, and none on loopback.
    pub(crate) drain_seconds: Option<Within<0, 3600>>,
    /// From how many percent on the disk and the memory are a warning, and a failure.
    pub(crate) disk_warn_percent: Within<1, 100>,
    pub(crate) disk_fail_percent: Within<1, 101>,
    pub(crate) memory_warn_percent: Within<1, 100>,
    pub(crate) memory_fail_percent: Within<1, 101>,
}

impl Health {
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.get())
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            token: None,
            every_seconds: Within::new(1),
            drain_seconds: None,
            disk_warn_percent: Within::new(85),
            disk_fail_percent: Within::new(95),
            memory_warn_percent: Within::new(80),
            memory_fail_percent: Within::new(95),
        }
    }
}
