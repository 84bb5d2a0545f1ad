//! Text that a spreadsheet would take for a formula.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break may run as a formula when the
//! file is opened, so it is written with an apostrophe in front. To be reversible, so is text that
//! begins with apostrophes and then one of those; reading takes one apostrophe off whatever begins
//! so. A negative number is no formula and is left alone, and so is any other apostrophe:
//! barcodes such as `'030955168517` stay as they are.

use std::borrow::Cow;

/// Makes text safe to be opened in a spreadsheet.
pub(crate) fn guard(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) && !is_negative_number(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was guarded.
pub(crate) fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    // Some spreadsheets read the full-width forms like the plain ones.
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

fn is_negative_number(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('-') else {
        return false;
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}
