//! Base64, where it turns into text.

/// Shorter values are words.
const SHORTEST: usize = 8;

/// Whether a value begins as one that [`decode`] turns into text.
pub(in crate::threat) fn starts(value: &[u8]) -> bool {
    value.len() >= SHORTEST
        && value[..SHORTEST].chunks(4).all(|group| {
            bytes_of(group).is_some_and(|bytes| bytes.iter().all(|&byte| is_text(byte)))
        })
}

/// The text that `value` encodes, in either alphabet and with or without padding; `None` where it
/// encodes none, as almost every ordinary value does.
pub(in crate::threat) fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let padding = value.iter().rev().take_while(|&&byte| byte == b'=').count();
    let digits = &value[..value.len() - padding];
    if padding > 2 || digits.len() < SHORTEST || digits.len() % 4 == 1 {
        return None;
    }
    if !starts(digits) {
        return None;
    }
    let mut text = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    for group in digits.chunks(4) {
        let bytes = bytes_of(group)?;
        text.extend_from_slice(&bytes[..group.len() * 3 / 4]);
    }
    text.iter().all(|&byte| is_text(byte)).then_some(text)
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

fn bytes_of(group: &[u8]) -> Option<[u8; 3]> {
    let mut bits = 0;
    for at in 0..4 {
        bits = bits << 6 | group.get(at).map_or(Some(0), |&digit| value_of(digit))?;
    }
    let [_, bytes @ ..] = bits.to_be_bytes();
    Some(bytes)
}

pub(super) fn value_of(digit: u8) -> Option<u32> {
    let value = VALUES[usize::from(digit)];
    (value < 64).then_some(u32::from(value))
}

/// What each byte is worth as a digit; 64 where it is none.
static VALUES: [u8; 256] = {
    let mut values = [64; 256];
    let mut at = 0;
    while at < 256 {
        values[at] = match at as u8 {
            letter @ b'A'..=b'Z' => letter - b'A',
            letter @ b'a'..=b'z' => letter - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => 64,
        };
        at += 1;
    }
    values
};
