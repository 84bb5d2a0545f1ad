use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_security::threat::Mode;

use super::limits::Rate;
use super::within::Seconds;

/// What is done about attacks in what is sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Threat {
    /// Where a tenant has none of its own.
    pub(crate) mode: Mode,
    /// After how many findings an address is blocked, such as `20/h`; never unless it is set.
    pub(crate) block_after: Option<Rate>,
    pub(crate) block_seconds: Seconds,
}

impl Default for Threat {
    fn default() -> Self {
        Self {
            mode: Mode::Block,
            block_after: None,
            block_seconds: Seconds::new(3600),
        }
    }
}

impl Threat {
    pub(crate) fn block_time(&self) -> Duration {
        Duration::from_secs(self.block_seconds.get())
    }
}
