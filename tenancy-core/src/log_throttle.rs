//! Log lines that an outage would repeat with each request.

use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lets one line through, then the next one only after a while, with how many were left out.
///
/// ```
/// # use std::time::Duration;
/// use tenancy_core::log_throttle::LogThrottle;
///
/// static AWAY: LogThrottle = LogThrottle::new(Duration::from_secs(10));
/// if let Some(left_out) = AWAY.admit() {
///     tracing::warn!(left_out, "the store is away");
/// }
/// assert_eq!(AWAY.admit(), None);
/// ```
#[derive(Debug)]
pub struct LogThrottle {
    every: Duration,
    state: Mutex<State>, // std's: never held across an await
}

#[derive(Debug)]
struct State {
    next: Option<Instant>,
    left_out: u64,
}

impl LogThrottle {
    /// At most one line in each `every`.
    pub const fn new(every: Duration) -> Self {
        let state = State {
            next: None,
            left_out: 0,
        };
        Self {
            every,
            state: Mutex::new(state),
        }
    }

    /// `None` for a line that is to be left out, else how many were since the last that was not.
    pub fn admit(&self) -> Option<u64> {
        let now = Instant::now();
        // Critical sections are single assignments, so a poisoned state is still whole.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.next.is_some_and(|next| now < next) {
            state.left_out += 1;
            return None;
        }
        state.next = Some(now + self.every);
        Some(mem::take(&mut state.left_out))
    }
}

/// At most one line in ten seconds.
impl Default for LogThrottle {
    fn default() -> Self {
        Self::new(Duration::from_secs(10))
    }
}
