use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Checked, Finding, Report};

/// A list of checks.
///
/// See the [module docs](super) for an example.
#[must_use]
pub struct Readiness {
    checks: Vec<Check>,
    time_out: Duration,
}

struct Check {
    id: &'static str,
    question: &'static str,
    weight: Weight,
    probe: Pin<Box<dyn Future<Output = Finding> + Send>>,
}

/// How much depends on a check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Comfort. It counts once.
    Slight,
    /// Being there when it is needed. It counts three times.
    Serious,
    /// Data lost, or seen by others. It counts ten times.
    Grave,
}

impl Readiness {
    /// A list without any, and five seconds for each.
    pub fn new() -> Self {
        Self {
            checks: vec![],
            time_out: Duration::from_secs(5),
        }
    }

    /// Adds a check: a name that stays the same, what it asks, how much depends on it, and what finds the
    /// answer.
    pub fn check(
        mut self,
        id: &'static str,
        question: &'static str,
        weight: Weight,
        probe: impl Future<Output = Finding> + Send + 'static,
    ) -> Self {
        self.checks.push(Check {
            id,
            question,
            weight,
            probe: Box::pin(probe),
        });
        self
    }

    /// Sets how long each may take. What takes longer is unknown. Default: five seconds.
    pub fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// Asks all of them.
    pub async fn run(self) -> Report {
        let time_out = self.time_out;
        let checks = self.checks.into_iter().map(async |check| {
            let found = tokio::time::timeout(time_out, check.probe).await;
            let finding = found.unwrap_or_else(|_| {
                let evidence = format!("no answer within {time_out:?}");
                Finding::unknown(evidence, "find out what it waits for, and ask again")
            });
            Checked {
                id: check.id.to_owned(),
                question: check.question.to_owned(),
                weight: check.weight,
                finding,
            }
        });
        Report::new(Timestamp::now(), join_all(checks).await)
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.checks.iter().map(|check| check.id);
        f.debug_list().entries(ids).finish()
    }
}

impl Weight {
    /// How often it counts.
    pub const fn count(self) -> u32 {
        match self {
            Self::Slight => 1,
            Self::Serious => 3,
            Self::Grave => 10,
        }
    }
}
