use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};

/// The longest value of a label, in bytes.
const VALUE_BYTES_MAX: usize = 128;

/// The longest name of a metric or a label, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// What a metric says of itself at the most, in bytes.
pub(super) const HELP_BYTES_MAX: usize = 256;

/// A name in the letters that every receiver takes: `[a-zA-Z_][a-zA-Z0-9_]*`.
pub(super) fn name(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .take(NAME_BYTES_MAX)
        .collect();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        name.insert(0, '_');
    }
    name
}

/// The same for a name that another text has taken already.
pub(super) fn told_apart(text: &str) -> String {
    format!("{}_{}", name(text), mark(text))
}

/// What a metric says of itself, cut where it is too long.
pub(super) fn help(text: &str) -> &str {
    // As it is written: what is escaped takes twice the room.
    &text[..text.floor_char_boundary(HELP_BYTES_MAX / 2)]
}

/// A label's value, cut where it is too long, and then marked so that two that begin alike stay two.
pub(super) fn value(text: &str) -> Cow<'_, str> {
    if text.len() <= VALUE_BYTES_MAX {
        return text.into();
    }
    let mark = mark(text);
    let end = text.floor_char_boundary(VALUE_BYTES_MAX - mark.len() - 1);
    format!("{}~{mark}", &text[..end]).into()
}

/// Tells a text apart from others that are written alike.
pub(crate) fn mark(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
