use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(500);

/// Ever longer pauses between attempts, for ever.
#[derive(Debug)]
pub(super) struct Backoff {
    pause: Duration,
}

impl Backoff {
    /// A pause between half of the current length and the whole, so that many clients of a server
    /// do not return to it together.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST);
        let random = RandomState::new().hash_one(pause) % 1024;
        pause / 2 + pause / 2 * u32::try_from(random).unwrap_or_default() / 1024
    }

    /// Begins anew after a connection that lasted; one that is closed at once by a server which is
    /// full or ending is a failure like others.
    pub(super) fn note_success(&mut self, lasted: Duration) {
        if lasted > LONGEST {
            *self = Self::default();
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self { pause: SHORTEST }
    }
}
