use quanta::Instant as Tick;
use tokio::time::Instant;

/// Where a limiter takes the time from, in nanoseconds since it was made.
#[derive(Debug)]
pub(super) enum Clock {
    /// The processor's counter, which is read in a third of the time that the system's clock takes.
    System { start: Tick },
    /// Tokio's clock, which tests can stop.
    Tokio { start: Instant },
}

impl Clock {
    pub(super) fn system() -> Self {
        Self::System { start: Tick::now() }
    }

    pub(super) fn tokio() -> Self {
        Self::Tokio {
            start: Instant::now(),
        }
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        let elapsed = match self {
            Self::System { start } => start.elapsed(),
            Self::Tokio { start } => start.elapsed(),
        };
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }
}
