//! Probes that a fixed piece of text gives away: template engines, Log4j, XML entities, shellshock,
//! code of the server's own language, and protocols behind it.

mod lookup;
mod phrases;
mod template;
mod xml;

use self::phrases::{PHRASES, WORDS, Where};
use self::template::Template;
use super::finding::{Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};

/// One of these stands in every probe.
pub(super) const SIGNS: Bytes = TELLING.or(Bytes::COLON).or(Bytes::QUOTE).or(Bytes::DOT);

/// One of these stands in every probe that is more than a name.
const TELLING: Bytes = Bytes::PARENTHESIS
    .or(Bytes::BRACE)
    .or(Bytes::LESS)
    .or(Bytes::BRACKET)
    .or(Bytes::DOLLAR)
    .or(Bytes::PERCENT)
    .or(Bytes::CONTROL)
    .or(Bytes::BACKSLASH);

/// The signs to be looked at in a value of these bytes.
pub(super) fn signs(bytes: Bytes) -> Bytes {
    let mut signs = Bytes::default();
    let closed = bytes.has_any(Bytes::AT) && bytes.has_any(Bytes::PARENTHESIS);
    if closed || bytes.has_any(Bytes::BRACE.or(Bytes::PERCENT).or(Bytes::BRACKET)) {
        signs = template::SECOND;
    }
    if bytes.has_any(Bytes::LESS) {
        signs = signs.or(Bytes::LESS);
    }
    signs
}

/// Judges a decoded value as a template and as a document, sign by sign.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    value: &'a [u8],
    template: Template<'a>,
}

impl<'a> Probe<'a> {
    pub(super) fn of(scan: &Scan<'a>) -> Self {
        Self {
            value: scan.value(),
            template: Template::of(scan),
        }
    }

    /// Judges the next sign.
    #[inline]
    pub(super) fn see(&mut self, at: usize, byte: u8) -> Option<Verdict> {
        if byte == b'<' {
            return xml::judge(self.value, at);
        }
        let verdict = self.template.see(at);
        if byte == b'{' && !verdict.is_some_and(|verdict| verdict.severity.blocks()) {
            return lookup::judge(self.value, at).or(verdict);
        }
        verdict
    }
}

/// Judges a decoded value by what it begins with.
pub(super) fn begins(scan: &Scan<'_>) -> Option<Verdict> {
    is_shellshock(scan.value()).then_some(Verdict::new(
        ThreatKind::Shellshock,
        Severity::Critical,
        "a value begins as a function of bash",
    ))
}

/// Judges a decoded value by the phrases that it holds.
pub(super) fn phrase(scan: &Scan<'_>) -> Option<Verdict> {
    let (value, bytes) = (scan.value(), scan.bytes());
    // Dots and colons tell nothing, unless the value is one long name, as java.lang.Runtime is.
    if !bytes.has_any(TELLING) && bytes.has_any(Bytes::BLANK) {
        return None;
    }
    if bytes.has_any(Bytes::PARENTHESIS) && is_cut_off(value) {
        return Some(Verdict::new(
            ThreatKind::CommandInjection,
            Severity::High,
            "code is added and the rest commented out",
        ));
    }
    let phrase = PHRASES.find_by_signs(scan, |at, phrase, (_, place, _)| match place {
        Where::Anywhere => true,
        Where::Called => {
            (at == 0 || !is_name(value[at - 1])) && is_called_with_text(&value[at + phrase.len()..])
        }
    });
    let word = || {
        let mut words = WORDS.iter();
        words.find_map(|(word, meaning)| word.is_in(value).then_some(*meaning))
    };
    let (kind, _, says) = phrase.or_else(word)?;
    Some(Verdict::new(kind, Severity::High, says))
}

/// Whether a call's argument is a string, a variable or a further call.
fn is_called_with_text(rest: &[u8]) -> bool {
    matches!(
        rest.trim_ascii_start().first(),
        Some(b'\'' | b'"' | b'`' | b'$' | b'\\' | b'&')
    )
}

/// `…); //`, at the end: a call, and what keeps the program's own text from being read.
fn is_cut_off(value: &[u8]) -> bool {
    let value = value.trim_ascii_end();
    let comments = [b"//".as_slice(), b"#", b"/*"];
    let mut commented = comments
        .iter()
        .filter_map(|comment| value.strip_suffix(*comment));
    commented.any(|code| code.trim_ascii_end().ends_with(b");"))
}

/// `() {`, at the beginning.
fn is_shellshock(value: &[u8]) -> bool {
    let value = value.trim_ascii_start();
    let value = value
        .strip_prefix(b"'")
        .or(value.strip_prefix(b"\""))
        .unwrap_or(value);
    let Some(rest) = value.strip_prefix(b"(") else {
        return false;
    };
    let Some(rest) = rest.trim_ascii_start().strip_prefix(b")") else {
        return false;
    };
    let rest = rest.trim_ascii_start();
    rest.starts_with(b"{") && !rest.starts_with(b"{}") || rest.starts_with(b"{ :;}")
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
