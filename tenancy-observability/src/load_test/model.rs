use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// When requests are sent.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Model {
    /// By so many users, each of whom sends the next request when the last was answered. A server that
    /// is slow is asked less, so what users would wait is estimated beside what was measured.
    Closed {
        /// How many there are.
        users: NonZeroU32,
    },
    /// At times set beforehand, whatever the server does, as the public does. Times of responses count
    /// from then.
    Open {
        /// How many requests there are in a second.
        rate: Rate,
        /// How many may be under way at once; what comes on top is dropped and counted.
        in_flight_max: NonZeroU32,
    },
}

/// So many requests in a second: more than none, and a million at most.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate(f64);

/// A number that is no [`Rate`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a rate is a number of requests a second, above 0 and up to 1000000")]
pub struct InvalidRate;

impl Rate {
    /// So many requests in a second.
    ///
    /// # Errors
    /// Where it is not above 0 and up to a million.
    pub fn new(per_second: f64) -> Result<Self, InvalidRate> {
        let is_rate = per_second > 0.0 && per_second <= 1e6;
        is_rate.then_some(Self(per_second)).ok_or(InvalidRate)
    }

    /// How many there are in a second.
    pub fn per_second(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Rate {
    type Error = InvalidRate;

    fn try_from(per_second: f64) -> Result<Self, InvalidRate> {
        Self::new(per_second)
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        Self::new(text.parse().map_err(|_| InvalidRate)?)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
