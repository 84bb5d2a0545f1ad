//! Amounts of money, exact to the minor unit.
//!
//! [`Money`] is a whole number of minor units (cents, yen, fils) and a [`Currency`]. Arithmetic
//! is checked: two currencies never mix and an overflow is a [`MoneyError`], never a wrap. The
//! only rounding is half-up (a tie goes away from zero, so a refund mirrors its charge), and it
//! happens only where the method says so.
//!
//! ```
//! use tenancy_commerce::money::{Currency, Money, Rate};
//!
//! # fn main() -> Result<(), tenancy_commerce::money::MoneyError> {
//! let usd: Currency = "USD".parse()?;
//! let price = Money::parse("24.99", usd)?.money;
//! let tax = price.mul_half_up(Rate::percent("10.75")?)?;
//! assert_eq!(price.try_add(tax)?.to_decimal(), "27.68");
//! # Ok(())
//! # }
//! ```

mod currency;
pub(crate) mod decimal;
mod error;
mod rate;
mod split;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::currency::Currency;
pub use self::decimal::ParsedMoney;
pub use self::error::MoneyError;
pub use self::rate::Rate;

/// A whole number of a currency's minor units; negative for a debt or a refund.
///
/// In JSON it is `{"amount":3412,"currency":"USD"}`. There is no order between amounts of
/// different currencies, so `Money` does not implement `Ord`: compare [`amount`](Self::amount)s.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Money {
    amount: i64,
    currency: Currency,
}

impl Money {
    /// `amount` minor units: `Money::new(3412, usd)` is 34.12 USD.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The number of minor units.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.amount < 0
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// The sum of two amounts of one currency.
    pub fn try_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_amount(self.amount.checked_add(other.amount))
    }

    /// What remains when `other` is taken away; it may be negative.
    pub fn try_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_amount(self.amount.checked_sub(other.amount))
    }

    /// The amount with its sign turned; fails only for the smallest amount there is.
    pub fn try_neg(self) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_neg())
    }

    /// The price of `quantity` pieces.
    pub fn try_mul(self, quantity: i64) -> Result<Self, MoneyError> {
        self.with_amount(self.amount.checked_mul(quantity))
    }

    /// The sum of `amounts`, all of which must be in `currency`; zero when there are none.
    ///
    /// Partial sums may exceed what `Money` holds; only the total must fit.
    pub fn try_sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        let zero = Self::zero(currency);
        let mut total: i128 = 0;
        for money in amounts {
            zero.same_currency(money)?;
            // 2^64 items would be needed to overflow this.
            total += i128::from(money.amount);
        }
        zero.with_amount(i64::try_from(total).ok())
    }

    /// The amount times `rate`, computed exactly and rounded once: to the nearest minor unit,
    /// a tie away from zero.
    pub fn mul_half_up(self, rate: Rate) -> Result<Self, MoneyError> {
        self.with_amount(rate.apply_half_up(self.amount))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch)
        }
    }

    fn with_amount(self, amount: Option<i64>) -> Result<Self, MoneyError> {
        let amount = amount.ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }
}

/// As in `34.12 USD`.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.to_decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests;
