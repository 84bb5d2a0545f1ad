use std::error::Error as _;
use std::time::Instant;

use tenancy_core::ErrorKind;
use tenancy_core::redis::{Command, Redis};

use crate::health::{Check, Finding};

/// How long the key that is written stays.
const STAYS_MS: i64 = 10_000;

/// Writes a key to Redis: a replica that answers and takes nothing is of no use.
#[derive(Clone, Debug)]
pub struct RedisCheck {
    redis: Redis,
    key: String,
}

impl RedisCheck {
    /// Looks at this Redis, by a key behind this prefix.
    pub fn new(redis: &Redis, prefix: &str) -> Self {
        Self {
            redis: redis.clone(),
            key: format!("{prefix}health"),
        }
    }
}

impl Check for RedisCheck {
    async fn run(&self) -> Finding {
        let began = Instant::now();
        let write = Command::new("SET").key(&*self.key).arg("1").arg("PX");
        let Err(error) = self.redis.command(write.arg(STAYS_MS)).await else {
            return Finding::pass().took(began);
        };
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let word = said.split(' ').next().unwrap_or_default();
        match (word, error.kind()) {
            ("READONLY", _) => Finding::fail("Redis is a read-only replica"),
            ("OOM", _) => Finding::fail("Redis is full"),
            ("LOADING", _) => Finding::fail("Redis is starting"),
            (_, ErrorKind::TimedOut | ErrorKind::Unavailable) => {
                Finding::fail("Redis does not answer")
            }
            _ => Finding::fail("Redis refuses what is written"),
        }
    }
}
