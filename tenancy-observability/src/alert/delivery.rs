use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use foldhash::fast::FixedState;
use serde::Serialize;
use tenancy_core::time::Time;
use uuid::Uuid;

use super::channel::Attempt;
use super::message::Message;

/// How often a message is tried to be sent.
const ATTEMPTS_MAX: u32 = 10;

/// The first and the longest wait between two attempts.
const WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// A message on its way through a channel.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// What receivers know it by, the same at each attempt.
    pub id: Uuid,
    /// The channel's name.
    pub channel: String,
    /// The message.
    pub message: Message,
    /// When it was written.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Time,
    /// When it is sent next, or was settled.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub next_at: Time,
    /// How often it was tried.
    pub attempts: u32,
    /// What has become of it.
    pub fate: Fate,
    /// Why it has not arrived, in words of ours.
    pub says: Option<String>,
}

/// What has become of a [`Delivery`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It has arrived.
    Arrived,
    /// It will not arrive: it was refused, or tried too often.
    Dead,
    /// It waits for its next attempt.
    Waiting,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Fate {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Dead => "dead",
            Self::Waiting => "waiting",
        }
    }

    pub(super) fn of_str(text: &str) -> Option<Self> {
        let all = [Self::Arrived, Self::Dead, Self::Waiting];
        all.into_iter().find(|fate| fate.as_str() == text)
    }
}

impl Delivery {
    pub(super) fn new(channel: &str, message: &Message, from: Time, now: Time) -> Self {
        Self {
            id: Uuid::now_v7(),
            channel: channel.to_owned(),
            message: message.clone(),
            created_at: now,
            next_at: from,
            attempts: 0,
            fate: Fate::Waiting,
            says: None,
        }
    }

    /// Notes what came of an attempt, which has been counted.
    pub(super) fn settle(&mut self, attempt: Attempt, now: Time) {
        self.next_at = now;
        (self.fate, self.says) = match attempt {
            Attempt::Arrived => (Fate::Arrived, None),
            Attempt::Never { says } => (Fate::Dead, Some(says)),
            Attempt::Later { says, .. } if self.attempts >= ATTEMPTS_MAX => {
                let says = format!("given up after {} attempts: {says}", self.attempts);
                (Fate::Dead, Some(says))
            }
            Attempt::Later { says, after } => {
                self.next_at = now.after(self.wait(after));
                (Fate::Waiting, Some(says))
            }
        };
    }

    /// Ever longer, not the same for all, and never shorter than the receiver asks for.
    fn wait(&self, asked: Option<Duration>) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(16);
        let wait = (WAIT.0 * 2_u32.pow(doublings)).min(WAIT.1);
        let mut hasher = FixedState::default().build_hasher();
        hasher.write_u128(self.id.as_u128());
        hasher.write_u32(self.attempts);
        let share = (hasher.finish() % 1000) as u32;
        match asked {
            Some(asked) => asked + (asked / 4000) * share,
            None => wait / 2 + (wait / 2000) * share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn later(after: Option<Duration>) -> Attempt {
        let says = "busy".to_owned();
        Attempt::Later { says, after }
    }

    #[test]
    fn attempts_come_ever_less_often_and_end() {
        let now = Time::from_microseconds(1_700_000_000_000_000);
        let mut delivery = Delivery::new("slack", &Message::test("", now), now, now);
        let wait = |delivery: &Delivery| {
            let micros = delivery.next_at.as_microseconds() - now.as_microseconds();
            Duration::from_micros(micros.unsigned_abs())
        };
        for attempt in 1..10 {
            delivery.attempts += 1;
            delivery.settle(later(None), now);
            assert_eq!(delivery.fate, Fate::Waiting);
            let longest = (2 * SECOND * 2_u32.pow(attempt - 1)).min(300 * SECOND);
            assert!(
                (longest / 2..=longest).contains(&wait(&delivery)),
                "{attempt}"
            );
        }
        delivery.settle(later(Some(600 * SECOND)), now);
        assert!((600 * SECOND..=750 * SECOND).contains(&wait(&delivery)));
        delivery.attempts += 1;
        delivery.settle(later(Some(SECOND)), now);
        assert_eq!(delivery.fate, Fate::Dead);
        assert_eq!(
            delivery.says.as_deref(),
            Some("given up after 10 attempts: busy")
        );
    }
}
