use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::Name;
use super::web_url::WebUrl;
use super::within::{Seconds, Within};
use crate::secret::Secret;

/// What a server's own parts are called.
pub(super) const PARTS: [&str; 6] = ["database", "disk", "files", "journal", "memory", "redis"];

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
    /// Other services that the server needs, by name, in tables such as `[health.services.payments]`.
    pub(crate) services: BTreeMap<Name, Service>,
}

/// Another service, which has to answer a `GET` with success.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) url: WebUrl,
    /// Whether this server can do nothing without it: then none of the servers is ready while it is
    /// away.
    #[serde(default)]
    pub(crate) critical: bool,
    /// How long it may take to answer.
    #[serde(default = "seconds::<2, 60>")]
    pub(crate) time_out_seconds: Within<1, 60>,
    /// How often it is asked.
    #[serde(default = "seconds::<30, 86_400>")]
    pub(crate) every_seconds: Seconds,
}

fn seconds<const BY_DEFAULT: u64, const MAX: u64>() -> Within<1, MAX> {
    Within::new(BY_DEFAULT)
}

impl Service {
    pub(crate) fn time_out(&self) -> Duration {
        Duration::from_secs(self.time_out_seconds.get())
    }

    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds.get())
    }
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
            services: BTreeMap::new(),
        }
    }
}
