use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::within::{Seconds, Within};

/// What is measured of requests, and who is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Performance {
    /// Off for measurements only: there are no reports then.
    pub(crate) enabled: bool,
    /// Whether answers have `X-Response-Time`.
    pub(crate) response_time: bool,
    /// Whether those who have signed in get `Server-Timing`.
    pub(crate) server_timing: bool,
    /// Whether answers to those who have signed in have `X-Memory-Usage`.
    pub(crate) memory_usage: bool,
    /// From how long on a request is kept among the slow ones, to this server or from it.
    pub(crate) slow_milliseconds: Within<1, 86_400_000>,
    /// How many of them.
    pub(crate) slow_requests_max: Within<1, 100_000>,
    /// Which answers are errors besides those with a status of 500 or more.
    pub(crate) error_statuses: Vec<Within<400, 499>>,
    /// How often reports are written.
    pub(crate) write_seconds: Seconds,
    /// How long they are kept.
    pub(crate) kept_days: Within<1, 3660>,
    /// Whether they are in memory only, as in a load test; nobody sets it from outside.
    #[serde(skip)]
    pub(crate) unkept: bool,
}

impl Performance {
    pub(crate) fn slow(&self) -> Duration {
        Duration::from_millis(self.slow_milliseconds.get())
    }

    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.write_seconds.get())
    }

    pub(crate) fn kept_for(&self) -> Duration {
        Duration::from_secs(self.kept_days.get() * 24 * 60 * 60)
    }
}

impl Default for Performance {
    fn default() -> Self {
        Self {
            enabled: true,
            response_time: true,
            server_timing: true,
            memory_usage: true,
            slow_milliseconds: Within::new(1000),
            slow_requests_max: Within::new(256),
            error_statuses: vec![],
            write_seconds: Within::new(30),
            kept_days: Within::new(30),
            unkept: false,
        }
    }
}
