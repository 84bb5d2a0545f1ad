//! What the parsers behind us may make of a value: URL encoding, character references, escapes and
//! base64, undone a bounded number of times.

mod base64;
mod entity;
mod rewritten;
mod utf7;

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use self::rewritten::Rewritten;
use super::scan::Bytes;

pub(super) use self::base64::{decode as base64, starts as base64_starts};

/// Undoes one layer of whatever encodings are there, or `None` if there is none.
pub(super) fn peel(value: &[u8], bytes: Bytes) -> Option<Vec<u8>> {
    let mut text = Cow::Borrowed(value);
    if bytes.has_any(Bytes::PLUS) {
        apply(&mut text, utf7::decode);
    }
    if bytes.has_any(Bytes::PERCENT.or(Bytes::PLUS)) {
        apply(&mut text, |text| percent(text, bytes));
    }
    if bytes.has_any(Bytes::AMPERSAND) || memchr(b'&', &text).is_some() {
        apply(&mut text, entity::decode);
    }
    if bytes.has_any(Bytes::BACKSLASH) || memchr(b'\\', &text).is_some() {
        apply(&mut text, escapes);
    }
    if bytes.has_any(Bytes::HIGH) || matches!(text, Cow::Owned(_)) {
        apply(&mut text, fold);
    }
    match text {
        Cow::Owned(text) => Some(text),
        Cow::Borrowed(_) => None,
    }
}

fn apply(text: &mut Cow<'_, [u8]>, decode: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    if let Some(decoded) = decode(text) {
        *text = Cow::Owned(decoded);
    }
}

/// `%27`, IIS's `%u0027`, and `+` for a blank in a value that has no other.
fn percent(value: &[u8], bytes: Bytes) -> Option<Vec<u8>> {
    let plus = bytes.has_any(Bytes::PLUS) && !bytes.has_any(Bytes::BLANK);
    let mut text = Rewritten::of(value);
    while let Some(rest) = text.find(|rest| memchr2(b'%', b'+', rest)) {
        let code = match rest {
            [b'%', b'u' | b'U', a, b, c, d, ..] => hex(&[*a, *b, *c, *d]).map(|code| (code, 6)),
            [b'%', a, b, ..] => hex(&[*a, *b]).map(|code| (code, 3)),
            [b'+', ..] if plus => Some((u32::from(b' '), 1)),
            _ => None,
        };
        match code {
            Some((code, length)) => push(text.replace(length), code, length == 3),
            None => text.keep(),
        }
    }
    text.finish()
}

/// JavaScript's and JSON's `\u0027`, `\u{27}`, `\x27`.
fn escapes(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = Rewritten::of(value);
    while let Some(rest) = text.find(|rest| memchr(b'\\', rest)) {
        match escaped(rest) {
            Some((code, length)) => push(text.replace(length), code, false),
            None => text.keep(),
        }
    }
    text.finish()
}

fn escaped(rest: &[u8]) -> Option<(u32, usize)> {
    match rest {
        [_, b'u', b'{', digits @ ..] => {
            let digits = &digits[..digits.len().min(8)];
            let length = digits.iter().position(|&byte| byte == b'}')?;
            hex(&digits[..length]).map(|code| (code, length + 4))
        }
        [_, b'u' | b'U', a, b, c, d, ..] => hex(&[*a, *b, *c, *d]).map(|code| (code, 6)),
        [_, b'x' | b'X', a, b, ..] => hex(&[*a, *b]).map(|code| (code, 4)),
        _ => None,
    }
}

/// Bytes that a lenient decoder takes for ASCII: overlong UTF-8 (`C0 AE` is a dot) and the
/// full-width forms, which databases and file systems map to the plain ones.
fn fold(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = Rewritten::of(value);
    while let Some(rest) = text.find(|rest| rest.iter().position(|&byte| byte >= 0xc0)) {
        match folded(rest) {
            Some((byte, length)) => text.replace(length).push(byte),
            None => text.keep(),
        }
    }
    text.finish()
}

fn folded(rest: &[u8]) -> Option<(u8, usize)> {
    match *rest {
        [lead @ (0xc0 | 0xc1), next, ..] => {
            // The second byte is often a wrong one, as in C0 2F.
            let byte = if next < 0x80 {
                next
            } else {
                (lead & 1) << 6 | (next & 0x3f)
            };
            Some((byte, 2))
        }
        [0xe0, 0x80, next @ 0x80..=0xbf, ..] => Some((next & 0x3f, 3)),
        [0xe0, 0x81, next @ 0x80..=0xbf, ..] => Some((0x40 | (next & 0x3f), 3)),
        [0xef, 0xbc, next @ 0x81..=0xbf, ..] => Some((next - 0x60, 3)),
        [0xef, 0xbd, next @ 0x80..=0x9e, ..] => Some((next - 0x20, 3)),
        // Blanks that are wider, or do not break.
        [0xc2, 0xa0, ..] => Some((b' ', 2)),
        [0xe2, 0x80, 0x80..=0x8a, ..] | [0xe3, 0x80, 0x80, ..] => Some((b' ', 3)),
        // Slashes of fractions and of sets, which Windows maps to those of paths.
        [0xe2, 0x88, 0x95, ..] | [0xe2, 0x81, 0x84, ..] => Some((b'/', 3)),
        [0xe2, 0x88, 0x96, ..] => Some((b'\\', 3)),
        // U+EFC8 and U+F025, which scanners send for one.
        [0xee, 0xbf, 0x88, ..] | [0xef, 0x80, 0xa5, ..] => Some((b'\\', 3)),
        // Quarters, which US-ASCII of seven bits takes for brackets.
        [0xc2, 0xbc, ..] => Some((b'<', 2)),
        [0xc2, 0xbe, ..] => Some((b'>', 2)),
        // Modifier apostrophe and prime, which SQL Server and MySQL fold to a quote.
        [0xca, 0xbc | 0xb9, ..] => Some((b'\'', 2)),
        _ => None,
    }
}

/// Adds a code: a byte of what was encoded, or a character.
fn push(text: &mut Vec<u8>, code: u32, byte: bool) {
    match u8::try_from(code) {
        Ok(code) if byte || code < 0x80 => text.push(code),
        _ => {
            let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 7 {
        return None;
    }
    digits.iter().try_fold(0, |code, &digit| {
        char::from(digit)
            .to_digit(16)
            .map(|digit| code << 4 | digit)
    })
}
