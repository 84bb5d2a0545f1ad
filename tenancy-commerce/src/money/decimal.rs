use super::{Currency, Money, MoneyError};

/// What [`Money::parse`] read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParsedMoney {
    /// The amount.
    pub money: Money,
    /// Whether the text was finer than the minor unit, so that the amount was rounded half-up.
    pub rounded: bool,
}

impl Money {
    /// Reads a plain decimal number such as `10.99`, `-3` or `.5`.
    ///
    /// Digits, at most one point and an optional sign; no thousands separators, exponents,
    /// symbols or blanks. Digits finer than the minor unit are rounded half-up (a tie away from
    /// zero) and reported in [`ParsedMoney::rounded`], unless they are all zero.
    pub fn parse(text: &str, currency: Currency) -> Result<ParsedMoney, MoneyError> {
        let decimal = Decimal::parse(text)?;
        let exponent = currency.exponent() as usize;
        let (kept, cut) = match decimal.fraction.split_at_checked(exponent) {
            Some(parts) => parts,
            None => (decimal.fraction, ""),
        };
        let scale = 10_i128.pow((exponent - kept.len()) as u32);
        let units = i128::from(currency.units());
        let mut amount = digits(decimal.whole)?
            .checked_mul(units)
            .and_then(|whole| whole.checked_add(digits(kept).ok()? * scale))
            .ok_or(MoneyError::Overflow)?;
        if cut.starts_with(['5', '6', '7', '8', '9']) {
            amount += 1;
        }
        if decimal.negative {
            amount = -amount;
        }
        Ok(ParsedMoney {
            money: Self::new(
                i64::try_from(amount).map_err(|_| MoneyError::Overflow)?,
                currency,
            ),
            rounded: cut.bytes().any(|digit| digit != b'0'),
        })
    }

    /// Writes the amount as a decimal number with all places of its currency: `34.12`, `-0.05`.
    ///
    /// [`parse`](Self::parse) reads it back unchanged.
    pub fn to_decimal(self) -> String {
        let exponent = self.currency.exponent() as usize;
        let magnitude = self.amount.unsigned_abs();
        let sign = if self.amount < 0 { "-" } else { "" };
        if exponent == 0 {
            return format!("{sign}{magnitude}");
        }
        let units = self.currency.units().unsigned_abs();
        let (whole, fraction) = (magnitude / units, magnitude % units);
        format!("{sign}{whole}.{fraction:0exponent$}")
    }
}

/// A decimal number taken apart, its digits not yet read.
pub(crate) struct Decimal<'a> {
    pub(crate) negative: bool,
    pub(crate) whole: &'a str,
    pub(crate) fraction: &'a str,
}

impl<'a> Decimal<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, MoneyError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_number = (!whole.is_empty() || !fraction.is_empty())
            && [whole, fraction]
                .iter()
                .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if is_number {
            Ok(Self {
                negative,
                whole,
                fraction,
            })
        } else {
            Err(MoneyError::InvalidNumber)
        }
    }
}

/// Reads a run of digits, none of which may stand for zero.
pub(crate) fn digits(text: &str) -> Result<i128, MoneyError> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| MoneyError::Overflow)
}
