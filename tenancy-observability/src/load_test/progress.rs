mod bar;

use std::time::Duration;

pub use self::bar::ProgressLine;

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// How long it has been going.
    pub elapsed: Duration,
    /// How many requests were sent.
    pub begun: u64,
    /// How many of them have ended.
    pub ended: u64,
    /// How many of those did not succeed.
    pub failed: u64,
}
