//! The fields of queries and URL-encoded forms.

use std::borrow::Cow;
use std::ops::ControlFlow;

use percent_encoding::percent_decode;

use super::finding::Place;
use super::inspection::Inspection;

/// How many fields of a body are looked at.
const FIELDS_MAX: usize = 10_000;

/// The fields of a body that are looked at, and whether that is all of them.
pub(super) fn bounded(text: &[u8]) -> (&[u8], bool) {
    let mut ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'&');
    match ends.nth(FIELDS_MAX - 1) {
        Some((end, _)) => (&text[..end], false),
        None => (text, true),
    }
}

/// Looks at each name and each value. What is not well encoded stands for itself.
pub(super) fn inspect(
    inspection: &mut Inspection<'_>,
    place: Place,
    text: &[u8],
) -> ControlFlow<()> {
    for field in text.split(|byte| *byte == b'&') {
        let (name, value) = match field.iter().position(|byte| *byte == b'=') {
            Some(at) => (&field[..at], Some(&field[at + 1..])),
            None => (field, None),
        };
        let name = decode(name);
        let before = inspection.score();
        inspection.unnamed(place, &name)?;
        let Some(value) = value else { continue };
        inspection.named(place, &name, &decode(value))?;
        let is_odd = !name.iter().all(is_of_names);
        if is_odd && inspection.score() == before && !inspection.excludes(place, &name) {
            // It may be no name but the beginning of a text with an equals sign in it.
            inspection.unnamed(place, &decode(field))?;
        }
    }
    ControlFlow::Continue(())
}

fn is_of_names(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.[]$".contains(byte)
}

/// Bytes and not text, since what no UTF-8 says is telling.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let mut spaced = text.to_vec();
    for byte in &mut spaced {
        if *byte == b'+' {
            *byte = b' ';
        }
    }
    match Cow::from(percent_decode(&spaced)) {
        Cow::Owned(decoded) => Cow::Owned(decoded),
        Cow::Borrowed(_) => Cow::Owned(spaced),
    }
}
