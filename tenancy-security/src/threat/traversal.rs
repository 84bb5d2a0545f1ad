//! Path traversal: values that leave the folder they are to name a file in.
//!
//! A dot-dot segment is an attack in a request's path, whose client has none to send. In a
//! parameter it may be a piece of text, so it must stand in a value that is a path throughout, or
//! climb more than once.

mod files;

use self::files::{FILES, File, STEMS};
use super::finding::{Place, Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};

/// What paths are made of.
pub(super) const SIGNS: Bytes = Bytes::SLASH
    .or(Bytes::BACKSLASH)
    .or(Bytes::DOT)
    .or(Bytes::COLON)
    .or(Bytes::CONTROL);

const fn found(severity: Severity, says: &'static str) -> Option<Verdict> {
    Some(Verdict::new(ThreatKind::PathTraversal, severity, says))
}

/// Judges a decoded value as the name of a file.
pub(super) fn judge(place: Place, scan: &Scan<'_>) -> Option<Verdict> {
    let (value, bytes) = (scan.value(), scan.bytes());
    if bytes.has_any(Bytes::CONTROL) && value.contains(&0) {
        return found(Severity::High, "a NUL byte cuts a name short");
    }
    let separated = bytes.has_any(Bytes::SLASH.or(Bytes::BACKSLASH));
    if !separated && bytes.has_any(Bytes::BLANK) {
        return None;
    }
    let lead = scan.lead();
    let value = value[lead..].trim_ascii_end();
    let is_path = place == Place::Path || !value.iter().any(u8::is_ascii_whitespace);
    let steps = Steps::of(value);
    if steps.up > 0 && (place == Place::Path || steps.climbs_in(value, is_path)) {
        return found(Severity::High, "a path climbs out of its folder");
    }
    if is_path && steps.is_odd(value) {
        return found(Severity::High, "a path is written to slip past a filter");
    }
    let steps_in_hex = if value.starts_with(b"..") { 1 } else { 2 };
    if is_path && bytes.has_any(Bytes::DIGIT) && hex_steps(value) >= steps_in_hex {
        return found(Severity::High, "a path is written in hexadecimal");
    }
    if let Some(scheme) = files::SCHEMES.iter().find(|scheme| {
        // Most differ in the first letter.
        value.first().map(u8::to_ascii_lowercase) == scheme.bytes().next()
            && starts_with(value, scheme)
    }) && value.len() > scheme.len()
    {
        return found(Severity::High, "an address reads the server's own files");
    }
    if is_share(value) {
        return found(Severity::High, "a path leads to another machine");
    }
    if is_path && STEMS.iter().any(|stem| stem.is_in(value)) {
        return found(Severity::High, "a file of the system is named");
    }
    let rooted = value.iter().take_while(|byte| is_separator(**byte)).count();
    let mut lesser = None;
    let gravest = FILES.find_by_signs(scan, |at, phrase, file| {
        let named = Named {
            value,
            at: at.saturating_sub(lead),
            phrase,
            rooted,
        };
        let severity = named.severity(file, is_path, place);
        lesser = lesser.or(severity);
        severity.is_some_and(Severity::blocks)
    });
    let severity = gravest.map(|_| Severity::High).or(lesser)?;
    found(severity, "a file of the system is named")
}

/// The segments of a path that are not names.
#[derive(Debug, Default)]
struct Steps {
    /// `..`
    up: u32,
    /// `..` between backslashes.
    up_back: u32,
    /// Three dots and more.
    dots: u32,
    /// `.`
    stay: u32,
    /// Nothing, between two separators.
    empty: u32,
    /// The most steps up in a row.
    row: u32,
    /// The fewest names that were left behind a step.
    left: Option<u32>,
}

impl Steps {
    fn of(value: &[u8]) -> Self {
        let mut steps = Self::default();
        let (mut row, mut names) = (0, 0_u32);
        let mut start = 0;
        loop {
            let rest = &value[start..];
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b'/' | b'\\'))
                .unwrap_or(rest.len());
            let is_last = length == rest.len();
            let alone = start == 0 && is_last;
            // Tomcat drops what follows a semicolon; a percent sign is left of a code decoded once too often.
            let segment = &rest[..length];
            let name = segment
                .split(|&byte| matches!(byte, b';' | b'%'))
                .next()
                .unwrap_or(segment);
            // A step may stand behind the text before the path, as in `file=../x`.
            let dots = name.iter().rev().take_while(|&&byte| byte == b'.').count();
            let before = name[..name.len() - dots].last();
            let is_step = match before {
                None => true,
                Some(byte) => {
                    start == 0
                        && !is_last
                        && matches!(byte, b'=' | b':' | b' ' | b'"' | b'\'' | b'(')
                }
            };
            match dots {
                0 if name.is_empty() && start > 0 && !is_last => steps.empty += 1,
                1 if is_step && !alone => steps.stay += 1,
                2 if is_step && !alone => {
                    steps.up += 1;
                    names = names.saturating_sub(1);
                    steps.left = Some(steps.left.map_or(names, |left| left.min(names)));
                    row += 1;
                    steps.row = steps.row.max(row);
                    let back = |at: usize| value.get(at) == Some(&b'\\');
                    if back(start + length) || (start > 0 && back(start - 1)) {
                        steps.up_back += 1;
                    }
                }
                3.. if is_step && !alone => steps.dots += 1,
                _ => {
                    row = 0;
                    names += u32::from(!name.is_empty());
                }
            }
            if is_last {
                return steps;
            }
            start += length + 1;
        }
    }

    /// Whether the steps up are meant, in a value that may be a text.
    fn climbs_in(&self, value: &[u8], is_path: bool) -> bool {
        let rooted = value.first().is_some_and(|&byte| is_separator(byte));
        // `https://host/a/../b`
        let stays = !rooted && self.up == 1 && self.left.is_some_and(|left| left > 0);
        is_path && !stays && (!value.contains(&b'<') || self.up > 1)
            || self.row >= 2
            || self.up_back > 0
    }

    /// Whether steps are written as no program writes them.
    fn is_odd(&self, value: &[u8]) -> bool {
        let rooted = matches!(value.first(), Some(b'/' | b'\\' | b'.'));
        let leading_dots = value
            .iter()
            .skip_while(|byte| matches!(byte, b'/' | b'\\'))
            .take_while(|&&byte| byte == b'.')
            .count();
        self.dots >= 2
            || (self.dots >= 1 && self.empty >= 1)
            || (rooted && leading_dots >= 6)
            || (rooted && leading_dots == 2 && value.len() > 3 && matches!(value[0], b'/' | b'\\'))
            || (rooted && value.len() > 2 && self.stay >= 1 && matches!(value[0], b'/' | b'\\'))
            || (rooted && self.stay >= 2 && self.empty >= 1)
            || (self.empty >= 2 && rooted)
            || (rooted && value.windows(6).any(|window| window == b"......"))
    }
}

/// How often `0x2e`, `0x2f` or `0x5c` stands in the value.
fn hex_steps(value: &[u8]) -> usize {
    // Counting them all is faster than stopping at one.
    if value.iter().filter(|&&byte| byte == b'x').count() == 0 {
        return 0;
    }
    value
        .windows(4)
        .filter(|window| {
            window[0] == b'0'
                && window[1] == b'x'
                && matches!(
                    (window[2], window[3].to_ascii_lowercase()),
                    (b'2', b'e' | b'f') | (b'5', b'c')
                )
        })
        .count()
}

/// `\\host\share`.
fn is_share(value: &[u8]) -> bool {
    let Some(host) = value.strip_prefix(b"\\\\") else {
        return false;
    };
    host.first()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'?'))
        && host.iter().take(64).any(|&byte| byte == b'\\')
}

/// A phrase, and where it stands.
#[derive(Clone, Copy, Debug)]
struct Named<'a> {
    value: &'a [u8],
    at: usize,
    phrase: &'a str,
    /// How many separators the value begins with.
    rooted: usize,
}

impl Named<'_> {
    /// How surely it names a file: at a boundary, in a path.
    fn severity(self, file: File, is_path: bool, place: Place) -> Option<Severity> {
        let before = self.at.checked_sub(1).map(|at| self.value[at]);
        let after = self.value.get(self.at + self.phrase.len());
        let begins = before.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let ends = self.phrase.ends_with(['/', '\\'])
            || after
                .is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')));
        let is_meant = match file {
            File::Always => begins,
            File::InPath => is_path && begins,
            File::Stem => is_path,
            File::AtStart => is_path && self.at <= self.rooted,
            File::Hidden => is_path && begins && ends,
            File::Probed => place == Place::Path && begins && ends,
        };
        let severity = match file {
            File::Probed => Severity::Low,
            // Alone it may be what a text is about.
            File::Hidden if place != Place::Path && !before.is_some_and(is_separator) => {
                if before.is_some() {
                    return None;
                }
                Severity::Low
            }
            _ => Severity::High,
        };
        is_meant.then_some(severity)
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn starts_with(value: &[u8], prefix: &str) -> bool {
    value
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}
