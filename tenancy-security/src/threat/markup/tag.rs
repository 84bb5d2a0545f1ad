//! Where tags open and attributes are named, as a browser sees it that forgives everything.

use crate::threat::phrases::Phrases;

/// The longest name worth looking at.
const LONGEST: usize = 24;

/// How far from an equals sign its attribute's name and value are looked for.
const NEAR: usize = 96;

/// The beginning of a tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened<'a> {
    name: Name<'a>,
    /// Where the name ended.
    end: usize,
}

/// A tag's name as it was written, or without what old browsers drop out of it.
#[derive(Clone, Copy, Debug)]
enum Name<'a> {
    Mended([u8; LONGEST], usize),
    Written(&'a [u8]),
}

impl Opened<'_> {
    /// The name without a namespace, in whatever case.
    pub(super) fn name(&self) -> &[u8] {
        let name = match &self.name {
            Name::Mended(name, length) => &name[..*length],
            Name::Written(name) => name,
        };
        match name.iter().rposition(|&byte| byte == b':') {
            Some(colon) => &name[colon + 1..],
            None => name,
        }
    }

    /// Whether rules of a style sheet follow, and no text about one.
    pub(super) fn holds_style(&self, value: &[u8]) -> bool {
        let rest = &value[self.end..value.len().min(self.end + NEAR)];
        rest.iter().any(|byte| matches!(byte, b'{' | b'@'))
    }

    /// Whether anything is set in the tag, or the tag is left open.
    pub(super) fn has_attributes(&self, value: &[u8], ends: &mut Ends) -> bool {
        let at = ends.next(value, self.end);
        at < value.len().min(self.end + NEAR) && value[at] == b'='
    }
}

/// Where the next `=` or `>` stands, looked for once.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// None of them stands between the two.
    from: usize,
    at: usize,
}

impl Ends {
    /// The next one at `from` or behind it; the calls go forwards.
    fn next(&mut self, value: &[u8], from: usize) -> usize {
        if !(self.from..=self.at).contains(&from) || self.at == 0 {
            let rest = &value[from..];
            let length = rest.iter().position(|byte| matches!(byte, b'=' | b'>'));
            *self = Self {
                from,
                at: from + length.unwrap_or(rest.len()),
            };
        }
        self.at
    }
}

/// The tag that the `<` at `at` opens or closes, if it does either.
#[inline]
pub(super) fn open(value: &[u8], at: usize) -> Option<Opened<'_>> {
    let start = at + 1 + usize::from(value.get(at + 1) == Some(&b'/'));
    let rest = value.get(start..)?;
    let &first = rest.first()?;
    if !first.is_ascii_alphabetic() && !is_dropped(first) {
        return None;
    }
    let written = rest.iter().take(LONGEST);
    let length = written
        .take_while(|&&byte| IS_NAMED[usize::from(byte)])
        .count();
    if rest.get(length).is_some_and(|&byte| is_dropped(byte)) && length < LONGEST {
        return mend(value, start);
    }
    Some(Opened {
        name: Name::Written(&rest[..length]),
        end: start + length,
    })
}

/// Letters, digits and what names are joined with.
static IS_NAMED: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        bytes[at] = byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_');
        at += 1;
    }
    bytes
};

/// NUL and its like.
fn is_dropped(byte: u8) -> bool {
    matches!(byte, 0..=8 | 14..=31 | 127)
}

/// The tag whose name begins at `start`, without the bytes that are dropped.
fn mend<'a>(value: &[u8], start: usize) -> Option<Opened<'a>> {
    let mut name = [0; LONGEST];
    let mut length = 0;
    let mut end = start;
    for &byte in &value[start..] {
        match byte {
            _ if is_dropped(byte) => {}
            b'a'..=b'z' | b'A'..=b'Z' => {
                name[length] = byte;
                length += 1;
            }
            b'0'..=b'9' | b':' | b'-' | b'_' if length > 0 => {
                name[length] = byte;
                length += 1;
            }
            _ => break,
        }
        end += 1;
        if length == LONGEST {
            break;
        }
    }
    let name = Name::Mended(name, length);
    (length > 0).then_some(Opened { name, end })
}

/// The name that the `=` at `at` gives a value to, or nothing.
#[inline]
pub(super) fn attribute_name(value: &[u8], at: usize) -> &[u8] {
    let before = &value[at.saturating_sub(NEAR)..at];
    let end = before
        .iter()
        // A plus sign is a blank of a form that nobody has decoded.
        .rposition(|&byte| byte > b' ' && byte != 127 && byte != b'+')
        .map_or(0, |last| last + 1);
    let start = before[..end]
        .iter()
        .rposition(|&byte| {
            !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_' | b'@' | b'.'))
        })
        .map_or(0, |last| last + 1);
    &before[start..end]
}

/// Whether what stands before the attribute can have ended the one before it.
pub(super) fn leaves_quotes(value: &[u8], at: usize, name: &[u8]) -> bool {
    let before = &value[..at];
    let start = before
        .windows(name.len())
        .rposition(|window| window == name)
        .unwrap_or(0);
    match before[..start].last() {
        None => true,
        Some(byte) => matches!(byte, b'"' | b'\'' | b'`' | b'/' | b'>' | 0..=b' '),
    }
}

/// Whether the `=` at `at` stands in a sentence, "onload = show", or in a component, `onClick={go}`:
/// it names something and does no more.
pub(super) fn only_names(value: &[u8], at: usize) -> bool {
    let rest = &value[at + 1..value.len().min(at + 1 + NEAR)];
    let names = match rest {
        [b' ', rest @ ..] | [b'{', rest @ ..] => rest,
        _ => return false,
    };
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.');
    let length = names.iter().take_while(is_name).count();
    length > 0
        && matches!(
            names.get(length),
            None | Some(b' ' | b',' | b'}' | b'?' | b'!')
        )
}

/// What a style sheet runs or loads a script with.
static STYLES: Phrases<(), 10> = Phrases::new(&[
    ("expression", ()),
    ("javascript", ()),
    ("vbscript", ()),
    ("behavior", ()),
    ("behaviour", ()),
    ("binding", ()),
    ("-link", ()),
    ("@import", ()),
    ("url(", ()),
    ("content:", ()),
]);

/// Whether the style that the `=` at `at` sets does more than set colours and sizes.
pub(super) fn style_runs(value: &[u8], at: usize) -> bool {
    let style = &value[at + 1..value.len().min(at + 1 + 4 * NEAR)];
    let blanks = style.iter().take_while(|byte| **byte <= b' ').count();
    let style = &style[blanks..];
    // The quotes may be broken, so the next attribute ends a style as well.
    let (style, end) = match style.first() {
        Some(&quote @ (b'"' | b'\'')) => {
            let style = &style[1..];
            (style, style.iter().position(|&byte| byte == quote))
        }
        _ => (
            style,
            style.iter().position(|byte| matches!(byte, b'>' | b'=')),
        ),
    };
    let style = &style[..end.unwrap_or(style.len())];
    let is_odd = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b'\\' | b'*' | 0x80.. | 0..=8);
    style.iter().any(is_odd) || STYLES.find(style, |_, _, ()| true).is_some()
}
