use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;
use tenancy_core::time::Time;

use super::Fingerprint;
use super::worst::Finding;

/// A statement that was slow, as one tenant sent it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SlowQuery {
    /// The statement without values.
    pub statement: Fingerprint,
    /// Whose work it was; `None` is the platform's own, or not known.
    pub tenant_id: Option<TenantId>,
    /// The line that sent it last; `None` from a pool of the application's own.
    pub caller: Option<Caller>,
    /// How often it was slow.
    pub calls: u64,
    /// The time of these calls together.
    pub total: Duration,
    /// The longest of them.
    pub longest: Duration,
    /// Rows that these calls returned or changed.
    pub rows: u64,
    /// When it was slow last.
    pub last_at: Time,
    /// The request that it was slow in last.
    pub request_id: Option<Box<str>>,
}

/// A line of the program.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Caller {
    /// The file, as the compiler was given it.
    pub file: Box<str>,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Finding for SlowQuery {
    type Key = (Option<TenantId>, Fingerprint);

    fn key(&self) -> Self::Key {
        (self.tenant_id, self.statement.clone())
    }

    fn weight(&self) -> u128 {
        self.total.as_nanos()
    }

    fn times(&self) -> u64 {
        self.calls
    }

    fn merge(&mut self, again: Self) {
        if again.last_at >= self.last_at {
            self.last_at = again.last_at;
            self.caller = again.caller.or(self.caller.take());
            self.request_id = again.request_id.or(self.request_id.take());
        }
        self.calls += again.calls;
        self.total += again.total;
        self.longest = self.longest.max(again.longest);
        self.rows = self.rows.saturating_add(again.rows);
    }
}
