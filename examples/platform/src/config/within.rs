use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

/// A number in bounds: no setting can stop the server silently, or overflow where it is used.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "u64", into = "u64")]
pub(crate) struct Within<const MIN: u64, const MAX: u64>(u64);

/// A time that is waited for, at most a day.
pub(crate) type Seconds = Within<1, 86_400>;

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{value} is not a number from {min} to {max}")]
pub(crate) struct OutOfBounds {
    value: u64,
    min: u64,
    max: u64,
}

impl<const MIN: u64, const MAX: u64> Within<MIN, MAX> {
    /// A number of the program's own.
    ///
    /// # Panics
    /// When it is out of bounds.
    pub(super) const fn new(value: u64) -> Self {
        assert!(MIN <= value && value <= MAX);
        Self(value)
    }

    /// The number, or the bound that it is beyond.
    pub(super) fn clamped(value: u64) -> Self {
        Self(value.clamp(MIN, MAX))
    }

    pub(crate) fn get(self) -> u64 {
        self.0
    }

    /// As what counts things in memory.
    pub(crate) fn count(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const MAX: u64> Within<1, MAX> {
    pub(crate) fn not_zero(self) -> NonZeroUsize {
        NonZeroUsize::new(self.count()).unwrap_or(NonZeroUsize::MIN)
    }
}

impl<const MIN: u64, const MAX: u64> TryFrom<u64> for Within<MIN, MAX> {
    type Error = OutOfBounds;

    fn try_from(value: u64) -> Result<Self, OutOfBounds> {
        let out_of_bounds = OutOfBounds {
            value,
            min: MIN,
            max: MAX,
        };
        let fits = (MIN..=MAX).contains(&value);
        fits.then_some(Self(value)).ok_or(out_of_bounds)
    }
}

impl<const MIN: u64, const MAX: u64> From<Within<MIN, MAX>> for u64 {
    fn from(number: Within<MIN, MAX>) -> Self {
        number.0
    }
}
