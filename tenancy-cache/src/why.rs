use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::entry::{Cause, Use};

/// Why a key's value is served from the cache, or why not. For people who wonder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// How the entry stands.
    pub verdict: Verdict,
    /// Whether the key is being loaded now.
    pub loading: bool,
    /// What is known of the entry, where there is one.
    pub entry: Option<Facts>,
}

/// How an entry stands. As text it is a sentence.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It is no longer fresh, and too old to stand in for a load.
    Expired,
    /// It was flushed.
    Flushed,
    /// It is served.
    Fresh,
    /// There is none: never stored, removed, or evicted.
    Missing,
    /// It is served only where a load fails or is slow.
    Stale,
    /// Whether another process has changed what it was loaded from is not known.
    Unsure,
}

/// What is known of an entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// Whether it says that there is no value.
    pub absence: bool,
    /// How many bytes it takes.
    pub bytes: u64,
    /// How long ago it was stored.
    pub age: Duration,
    /// How long it stays fresh by its class, flushes aside.
    pub fresh_for: Duration,
    /// How long it may stand in for loads, flushes aside.
    pub stale_for: Duration,
    /// What was flushed since it was loaded.
    pub flushed: Vec<String>,
}

impl Why {
    pub(crate) fn of(used: Option<Use>, entry: Option<Facts>, loading: bool) -> Self {
        let verdict = match used {
            None => Verdict::Missing,
            Some(Use::Dead(Cause::Expired)) => Verdict::Expired,
            Some(Use::Dead(Cause::Flushed)) => Verdict::Flushed,
            Some(Use::Dead(Cause::Unsure)) => Verdict::Unsure,
            Some(Use::Early | Use::Fresh) => Verdict::Fresh,
            Some(Use::Resting | Use::Stale) => Verdict::Stale,
        };
        Self {
            verdict,
            loading,
            entry,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "not served: its time is over",
            Self::Flushed => "not served: it was flushed",
            Self::Fresh => "served",
            Self::Missing => "not served: there is none",
            Self::Stale => "served only where loading fails or is slow",
            Self::Unsure => "not served: what others have changed is not known",
        })
    }
}
