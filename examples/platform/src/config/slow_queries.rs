use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::within::Within;

/// Which statements are found to be slow, and how long that is remembered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlowStatements {
    pub(crate) milliseconds: Within<1, 3_600_000>,
    /// How many statements one line of the program may send for a request.
    pub(crate) repeats: Within<1, 1_000_000>,
    pub(crate) kept_days: Within<1, 366>,
}

impl Default for SlowStatements {
    fn default() -> Self {
        Self {
            milliseconds: Within::new(100),
            repeats: Within::new(20),
            kept_days: Within::new(7),
        }
    }
}

impl SlowStatements {
    pub(crate) fn threshold(&self) -> Duration {
        Duration::from_millis(self.milliseconds.get())
    }

    pub(crate) fn kept(&self) -> Duration {
        Duration::from_secs(self.kept_days.get() * 24 * 60 * 60)
    }
}
