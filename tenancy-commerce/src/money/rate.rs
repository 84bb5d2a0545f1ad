use std::num::NonZeroU64;
use std::str::FromStr;

use super::MoneyError;
use super::decimal::{Decimal, digits};

/// An exact factor: a fraction of two whole numbers.
///
/// A tax of 10.75 % is `Rate::percent("10.75")`, the same as `43/400`; thirteen days of a
/// twenty-eight-day month are `Rate::new(13, 28)`. Fractions are kept in lowest terms, so equal
/// rates compare equal however they were written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Rate {
    numerator: i64,
    denominator: NonZeroU64,
}

impl Rate {
    /// `numerator` parts of `denominator`; fails if the denominator is zero.
    pub fn new(numerator: i64, denominator: u64) -> Result<Self, MoneyError> {
        Self::reduced(i128::from(numerator), u128::from(denominator))
    }

    /// A percentage written as a plain decimal number: `20` and `20.0000` are a fifth.
    pub fn percent(text: &str) -> Result<Self, MoneyError> {
        Self::decimal(text, 2)
    }

    /// The numerator in lowest terms; it carries the sign.
    pub const fn numerator(self) -> i64 {
        self.numerator
    }

    /// The denominator in lowest terms.
    pub const fn denominator(self) -> u64 {
        self.denominator.get()
    }

    /// The part of a price that already includes this rate: a fifth on top is a sixth within.
    ///
    /// Fails if the rate is minus one (or so large that one more does not fit).
    pub fn included(self) -> Result<Self, MoneyError> {
        let whole = i128::from(self.numerator) + i128::from(self.denominator.get());
        let sign = if whole < 0 { -1 } else { 1 };
        Self::reduced(i128::from(self.numerator) * sign, whole.unsigned_abs())
    }

    /// `amount` times this rate, to the nearest whole number and a tie away from zero.
    pub(super) fn apply_half_up(self, amount: i64) -> Option<i64> {
        let product = i128::from(amount) * i128::from(self.numerator);
        let denominator = i128::from(self.denominator.get());
        let (quotient, remainder) = (product / denominator, product % denominator);
        let away = if 2 * remainder.abs() >= denominator {
            product.signum()
        } else {
            0
        };
        i64::try_from(quotient + away).ok()
    }

    /// Reads a decimal number divided by ten to the power of `shift`.
    fn decimal(text: &str, shift: usize) -> Result<Self, MoneyError> {
        let decimal = Decimal::parse(text)?;
        let fraction = decimal.fraction.trim_end_matches('0');
        let places = u32::try_from(fraction.len()).map_err(|_| MoneyError::Overflow)?;
        let scale = 10_i128.checked_pow(places).ok_or(MoneyError::Overflow)?;
        let magnitude = digits(decimal.whole)?
            .checked_mul(scale)
            .and_then(|whole| whole.checked_add(digits(fraction).ok()?))
            .ok_or(MoneyError::Overflow)?;
        let signed = if decimal.negative {
            -magnitude
        } else {
            magnitude
        };
        let denominator = scale
            .checked_mul(10_i128.pow(shift as u32))
            .ok_or(MoneyError::Overflow)?;
        Self::reduced(signed, denominator.unsigned_abs())
    }

    fn reduced(numerator: i128, denominator: u128) -> Result<Self, MoneyError> {
        if denominator == 0 {
            return Err(MoneyError::InvalidRate);
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator);
        let magnitude =
            i128::try_from(numerator.unsigned_abs() / divisor).map_err(|_| MoneyError::Overflow)?;
        let denominator = u64::try_from(denominator / divisor)
            .ok()
            .and_then(NonZeroU64::new)
            .ok_or(MoneyError::Overflow)?;
        let numerator =
            i64::try_from(magnitude * numerator.signum()).map_err(|_| MoneyError::Overflow)?;
        Ok(Self {
            numerator,
            denominator,
        })
    }
}

/// Reads a plain decimal number: `0.1075`.
impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::decimal(text, 0)
    }
}

fn greatest_common_divisor(left: u128, right: u128) -> u128 {
    if left == 0 {
        right
    } else {
        greatest_common_divisor(right % left, left)
    }
}
