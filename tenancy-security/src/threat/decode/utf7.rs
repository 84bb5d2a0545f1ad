//! UTF-7, which old parsers take where a document names it or begins like it.

use memchr::memchr;

use super::push;
use super::rewritten::Rewritten;

/// Undoes `+ADw-`, where the shifted text is ASCII; a plus sign between words is left alone.
pub(super) fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = Rewritten::of(value);
    while let Some(rest) = text.find(|rest| memchr(b'+', rest)) {
        let Some(length) = shifted(rest) else {
            text.keep();
            continue;
        };
        let closed = usize::from(rest.get(length) == Some(&b'-'));
        let plain = text.replace(length + closed);
        for unit in units(rest[1..length].iter().copied()) {
            push(plain, unit, false);
        }
    }
    text.finish()
}

/// How long the shifted text is that begins here, with its plus sign.
fn shifted(rest: &[u8]) -> Option<usize> {
    if !matches!(rest, [b'+', b'A', b'A'..=b'H', ..]) {
        return None;
    }
    let digits = rest[1..]
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    // Most are given up at the second unit, so they are not counted first.
    let mut length = 0;
    let counted = digits.inspect(|_| length += 1).copied();
    let is_ascii = units(counted).all(|unit| (0x20..0x7f).contains(&unit));
    (is_ascii && length >= 3).then_some(length + 1)
}

/// The UTF-16 units that base64 digits hold.
fn units(digits: impl Iterator<Item = u8>) -> impl Iterator<Item = u32> {
    let mut bits = 0_u32;
    let mut held = 0;
    digits.filter_map(move |digit| {
        bits = bits << 6 | super::base64::value_of(digit).unwrap_or(0);
        held += 6;
        if held < 16 {
            return None;
        }
        held -= 16;
        let unit = bits >> held & 0xffff;
        bits &= (1 << held) - 1;
        Some(unit)
    })
}
