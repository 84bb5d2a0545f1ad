use quanta::Clock as Counter;
use tokio::time::Instant;

/// Where a limiter takes the time from, in nanoseconds since it was made.
#[derive(Debug)]
pub(super) enum Clock {
    /// The processor's counter, which is read in a third of the time that the system's clock takes.
    System { counter: Counter, start: u64 },
    /// Tokio's clock, which tests can stop.
    Tokio { start: Instant },
}

impl Clock {
    pub(super) fn system() -> Self {
        let counter = Counter::new();
        let start = counter.raw();
        Self::System { counter, start }
    }

    pub(super) fn tokio() -> Self {
        Self::Tokio {
            start: Instant::now(),
        }
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        match self {
            Self::System { counter, start } => counter.delta_as_nanos(*start, counter.raw()),
            Self::Tokio { start } => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }
}
