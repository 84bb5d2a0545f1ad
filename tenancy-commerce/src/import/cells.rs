use super::Issue;
use super::formula::unguard;
use super::names::Layout;
use super::records::Record;
use crate::money::decimal::{Decimal, digits};
use crate::money::{Currency, Money, MoneyError};

/// Reads the cells of one row, and notes what is wrong with them.
pub(super) struct Cells<'a, C> {
    pub(super) record: &'a Record,
    pub(super) header: &'a [String],
    pub(super) layout: &'a Layout<C>,
    pub(super) issues: &'a mut Vec<Issue>,
}

impl<'a, C: Copy + Eq> Cells<'a, C> {
    /// Whether the file has the column at all.
    pub(super) fn has(&self, column: C) -> bool {
        self.layout.column(column).is_some()
    }

    /// The text as it stands; empty if there is no such column.
    pub(super) fn text(&self, column: C) -> &'a str {
        self.layout
            .column(column)
            .map_or("", |column| unguard(self.record.get(column)))
    }

    /// The text, `None` if there is nothing but blanks.
    pub(super) fn some_text(&self, column: C) -> Option<&'a str> {
        Some(self.text(column)).filter(|text| !text.trim().is_empty())
    }

    /// The attributes that say something.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a String, &'a str)> {
        let record = self.record;
        let cells = self.layout.attributes().iter();
        cells
            .map(move |(name, column)| (name, unguard(record.get(*column))))
            .filter(|(_, text)| !text.is_empty())
    }

    /// An amount that is not negative.
    pub(super) fn money(&mut self, column: C, currency: Currency) -> Option<Money> {
        let text = self.some_text(column)?.trim();
        match Money::parse(text, currency) {
            Ok(parsed) if parsed.money.is_negative() => {
                self.error(column, format!("{text} is negative"));
                None
            }
            Ok(parsed) => {
                if parsed.rounded {
                    let rounded = parsed.money.to_decimal();
                    self.warning(column, format!("{text} is rounded to {rounded}"));
                }
                Some(parsed.money)
            }
            Err(MoneyError::InvalidNumber) => {
                let text = shorten(text);
                self.error(
                    column,
                    format!("{text:?} is not a plain number such as 10.99"),
                );
                None
            }
            Err(error) => {
                self.error(column, error.to_string());
                None
            }
        }
    }

    /// A whole number; `5.00` is one.
    pub(super) fn integer(&mut self, column: C) -> Option<i64> {
        let text = self.some_text(column)?.trim();
        let number = integer(text);
        if number.is_none() {
            let text = shorten(text);
            self.error(column, format!("{text:?} is not a whole number"));
        }
        number
    }

    /// A weight in grams, written in a unit of so many micrograms, to the nearest gram.
    pub(super) fn grams(&mut self, column: C, micrograms: i128) -> Option<i64> {
        let text = self.some_text(column)?.trim();
        let grams = grams(text, micrograms);
        if grams.is_none() {
            let text = shorten(text);
            self.error(column, format!("{text:?} is not a weight"));
        }
        grams
    }

    /// Yes or no; `None` if the cell is blank.
    pub(super) fn flag(&mut self, column: C) -> Option<bool> {
        let text = self.some_text(column)?.trim();
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => {
                self.unknown(column, "true or false");
                None
            }
        }
    }

    /// An address of a picture; blanks within are encoded. Anything but the web is an error.
    pub(super) fn address(&mut self, column: C) -> Option<String> {
        let text = self.some_text(column)?;
        let address = web_address(text);
        if address.is_none() {
            let text = shorten(text);
            self.error(column, format!("{text:?} is not an http or https address"));
        }
        address
    }

    /// Notes that the cell holds none of the values it may hold.
    pub(super) fn unknown(&mut self, column: C, allowed: &str) {
        let text = shorten(self.text(column).trim());
        self.error(column, format!("{text:?} is not {allowed}"));
    }

    pub(super) fn error(&mut self, column: C, message: impl Into<String>) {
        self.issues
            .push(Issue::error(self.record.row(), self.name(column), message));
    }

    pub(super) fn warning(&mut self, column: C, message: impl Into<String>) {
        self.issues.push(Issue::warning(
            self.record.row(),
            self.name(column),
            message,
        ));
    }

    fn name(&self, column: C) -> Option<&'a str> {
        self.layout
            .column(column)
            .map(|column| self.header[column].as_str())
    }
}

/// A picture's address as it may stand in a draft.
pub(super) fn web_address(text: &str) -> Option<String> {
    let address = text.trim().replace(' ', "%20");
    crate::catalog::is_web_address(&address).then_some(address)
}

/// Text of a cell for a message.
pub(super) fn shorten(text: &str) -> &str {
    &text[..text.floor_char_boundary(60)]
}

fn integer(text: &str) -> Option<i64> {
    let decimal = Decimal::parse(text).ok()?;
    if decimal.fraction.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let magnitude = digits(decimal.whole).ok()?;
    i64::try_from(if decimal.negative {
        -magnitude
    } else {
        magnitude
    })
    .ok()
}

fn grams(text: &str, micrograms: i128) -> Option<i64> {
    let decimal = Decimal::parse(text).ok()?;
    // Nine places of a pound are below a microgram.
    let fraction = &decimal.fraction[..decimal.fraction.len().min(9)];
    let scale = 10_i128.pow(fraction.len() as u32);
    let number = digits(decimal.whole).ok()?.checked_mul(scale)? + digits(fraction).ok()?;
    let unit = 1_000_000 * scale;
    let rounded = (number.checked_mul(micrograms)?.checked_add(unit / 2)?) / unit;
    i64::try_from(if decimal.negative { -rounded } else { rounded }).ok()
}
