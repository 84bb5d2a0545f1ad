use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Where a tenant is in its life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In normal use.
    Active,
    /// Closed for good; its data is kept until it is erased.
    Archived,
    /// Being set up; not yet usable.
    Provisioning,
    /// Closed by the operator until resumed.
    Suspended,
    /// In normal use, not yet paying.
    Trial,
}

/// The text names no status.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a status is one of provisioning, trial, active, suspended, archived")]
pub struct InvalidStatus;

impl Status {
    /// The status as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Provisioning => "provisioning",
            Self::Suspended => "suspended",
            Self::Trial => "trial",
        }
    }
}

impl FromStr for Status {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Active,
            Self::Archived,
            Self::Provisioning,
            Self::Suspended,
            Self::Trial,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or(InvalidStatus)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The switch that closes a tenant for a while, whatever its status.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Maintenance {
    /// Open.
    #[default]
    Off,
    /// Closed; clients are told to come back after this many seconds.
    On {
        /// What `Retry-After` says.
        retry_after_seconds: u32,
    },
}

/// Why a known tenant does not take a piece of work now.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Unavailability {
    /// Closed for good.
    Archived,
    /// Closed for a while.
    Maintenance {
        /// When to come back.
        retry_after: SignedDuration,
    },
    /// Not set up yet.
    Provisioning,
    /// Closed by the operator.
    Suspended,
}

impl fmt::Display for Unavailability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Archived => "archived",
            Self::Maintenance { .. } => "closed for maintenance",
            Self::Provisioning => "being set up",
            Self::Suspended => "suspended",
        })
    }
}
