//! HTML's character references.

use memchr::memchr;

use super::push;
use super::rewritten::Rewritten;
use crate::threat::words::Words;

/// The named references for ASCII; the others hide nothing.
static NAMES: Words<u8, 128> = Words::new(&[
    ("lt", b'<'),
    ("gt", b'>'),
    ("quot", b'"'),
    ("apos", b'\''),
    ("amp", b'&'),
    ("tab", b'\t'),
    ("newline", b'\n'),
    ("colon", b':'),
    ("lpar", b'('),
    ("rpar", b')'),
    ("lsqb", b'['),
    ("lbrack", b'['),
    ("rsqb", b']'),
    ("rbrack", b']'),
    ("lcub", b'{'),
    ("lbrace", b'{'),
    ("rcub", b'}'),
    ("rbrace", b'}'),
    ("sol", b'/'),
    ("bsol", b'\\'),
    ("equals", b'='),
    ("period", b'.'),
    ("comma", b','),
    ("semi", b';'),
    ("excl", b'!'),
    ("num", b'#'),
    ("dollar", b'$'),
    ("percnt", b'%'),
    ("ast", b'*'),
    ("midast", b'*'),
    ("plus", b'+'),
    ("quest", b'?'),
    ("commat", b'@'),
    ("hat", b'^'),
    ("lowbar", b'_'),
    ("grave", b'`'),
    ("diacriticalgrave", b'`'),
    ("verbar", b'|'),
    ("vert", b'|'),
    ("nbsp", b' '),
]);

/// Undoes references; browsers do without the semicolon after a number.
pub(super) fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = Rewritten::of(value);
    while let Some(rest) = text.find(|rest| memchr(b'&', rest)) {
        match reference(rest) {
            Some((code, length)) => push(text.replace(length), code, false),
            None => text.keep(),
        }
    }
    text.finish()
}

/// The character that `text` begins with a reference to, and the reference's length.
fn reference(text: &[u8]) -> Option<(u32, usize)> {
    match text.get(1)? {
        b'#' => number(text),
        byte if byte.is_ascii_alphabetic() => name(text),
        _ => None,
    }
}

fn number(text: &[u8]) -> Option<(u32, usize)> {
    let (radix, start) = match text.get(2)? {
        b'x' | b'X' => (16, 3),
        _ => (10, 2),
    };
    let mut code: u32 = 0;
    let mut end = start;
    // Browsers take any number of digits, of which the first may all be zeros.
    for &digit in &text[start..] {
        let Some(digit) = char::from(digit).to_digit(radix) else {
            break;
        };
        code = code.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    let semicolon = usize::from(text.get(end) == Some(&b';'));
    (end > start).then_some((code, end + semicolon))
}

fn name(text: &[u8]) -> Option<(u32, usize)> {
    let length = text[1..]
        .iter()
        .take(17)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let code = NAMES.get(&text[1..=length])?;
    match text.get(length + 1) {
        Some(b';') => Some((u32::from(code), length + 2)),
        // The four oldest need no semicolon.
        _ if matches!(code, b'<' | b'>' | b'"' | b'&') => Some((u32::from(code), length + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_with_its_digits_however_many_they_are() {
        let check = |digits: &str, expected: &str| {
            let text = format!("{digits}avascript:");
            let decoded = decode(text.as_bytes()).unwrap();
            let expected = format!("{expected}avascript:");
            assert_eq!(String::from_utf8_lossy(&decoded), expected, "{digits}");
        };
        for zeros in [0, 1, 29, 30, 31, 32, 33, 1000] {
            let zeros = "0".repeat(zeros);
            check(&format!("&#{zeros}106;"), "j");
            check(&format!("&#x{zeros}6A;"), "j");
        }
        check(&format!("&#1{};", "0".repeat(40)), "\u{fffd}");
    }
}
