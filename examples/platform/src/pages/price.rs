mod notation;

use tenancy_commerce::money::{Currency, Money};

use self::notation::Notation;
use super::language::is_right_to_left;

/// Holds a number and its currency together on one line.
const NO_BREAK: char = '\u{a0}';

/// Keeps a minus before its digits where text runs from right to left.
const LEFT_TO_RIGHT: char = '\u{200e}';

/// How a shop writes its prices: as its locale does, with the currency's own sign where that can
/// mean no other, and the ISO 4217 code where it can.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prices {
    /// `None` where nothing is known of the locale.
    notation: Option<Notation>,
    right_to_left: bool,
}

impl Prices {
    pub(crate) fn of(locale: &str) -> Self {
        Self {
            notation: Notation::of(locale),
            right_to_left: is_right_to_left(locale),
        }
    }

    /// The price as text, such as `$1,234.50` or `1.234,50 €`.
    pub(crate) fn text(&self, price: Money) -> String {
        let decimal = price.to_decimal();
        let currency = price.currency();
        let Some(notation) = self.notation else {
            return format!("{decimal}{NO_BREAK}{currency}");
        };
        let (minus, decimal) = match decimal.strip_prefix('-') {
            Some(magnitude) => ("-", magnitude),
            None => ("", &*decimal),
        };
        let number = notation.number(decimal);
        let sign = sign(&notation, currency);
        let space = |touching: Option<char>| match touching {
            _ if notation.spaced => NO_BREAK.to_string(),
            // Letters and digits that touch cannot be told apart.
            Some(c) if c.is_alphanumeric() || c == '.' => NO_BREAK.to_string(),
            _ => String::new(),
        };
        if notation.sign_first {
            let space = space(sign.chars().last());
            return match (minus, self.right_to_left) {
                ("-", true) => format!("{sign}{space}{LEFT_TO_RIGHT}-{number}"),
                _ => format!("{minus}{sign}{space}{number}"),
            };
        }
        let space = space(sign.chars().next());
        let mark = match (minus, self.right_to_left) {
            ("-", true) => LEFT_TO_RIGHT.to_string(),
            _ => String::new(),
        };
        format!("{mark}{minus}{number}{space}{sign}")
    }
}

/// What stands for the currency beside a number.
fn sign(notation: &Notation, currency: Currency) -> &'static str {
    let code = currency.code();
    if notation.currency == code {
        return notation.sign;
    }
    let sign = match code {
        "EUR" => "€",
        "GBP" => "£",
        "ILS" => "₪",
        "INR" => "₹",
        "JPY" => "¥",
        "KRW" => "₩",
        "UAH" => "₴",
        "USD" => "$",
        "VND" => "₫",
        _ => return code,
    };
    // In Canada a plain dollar is a Canadian one.
    if notation.sign.contains(sign) {
        return code;
    }
    sign
}

#[cfg(test)]
mod tests;
