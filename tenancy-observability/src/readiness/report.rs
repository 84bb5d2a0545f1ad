use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Finding, Status, Weight};

/// How a server stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// When it was looked at.
    pub at: Timestamp,
    /// The worst there is; `None` where nothing was asked.
    pub status: Option<Status>,
    /// From 0 to 100: the part of all weights that is earned; see the [module docs](super).
    pub score: Option<f64>,
    /// Each check, in the order of the list.
    pub checks: Vec<Checked>,
}

/// A check that was made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Checked {
    /// Its name, which stays the same.
    pub id: String,
    /// What it asks.
    pub question: String,
    /// How much depends on it.
    pub weight: Weight,
    /// What it has found.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Report {
    pub(crate) fn new(at: Timestamp, checks: Vec<Checked>) -> Self {
        Self {
            at,
            status: checks.iter().map(|check| check.finding.status).max(),
            score: score(&checks),
            checks,
        }
    }

    /// Whether anything is as bad as `status`, or worse.
    pub fn is_at_worst(&self, status: Status) -> bool {
        self.status.is_some_and(|worst| worst >= status)
    }
}

fn score(checks: &[Checked]) -> Option<f64> {
    let all: u32 = checks.iter().map(|check| check.weight.count()).sum();
    let earned = checks.iter().map(|check| {
        let weight = f64::from(check.weight.count());
        match check.finding.status {
            Status::Pass => weight,
            Status::Warn => weight / 2.0,
            Status::Fail | Status::Unknown => 0.0,
        }
    });
    let earned: f64 = earned.sum();
    (all > 0).then(|| (earned / f64::from(all) * 1000.0).round() / 10.0)
}

/// As people read it: what is worst comes first.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut checks: Vec<&Checked> = self.checks.iter().collect();
        checks.sort_by_key(|check| std::cmp::Reverse((check.finding.status, check.weight)));
        for check in checks {
            let Finding {
                status,
                evidence,
                mend,
            } = &check.finding;
            writeln!(f, "{:7}  {}: {evidence}", status.as_str(), check.id)?;
            if let Some(mend) = mend {
                writeln!(f, "         {mend}")?;
            }
        }
        match self.score {
            Some(score) => writeln!(f, "score    {score} of 100"),
            None => writeln!(f, "nothing was asked"),
        }
    }
}

#[cfg(test)]
mod tests;
