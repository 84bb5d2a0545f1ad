//! Probes that a fixed piece of text gives away: template engines, Log4j, XML entities, shellshock,
//! code of the server's own language, and protocols behind it.

mod lookup;
mod phrases;
mod template;
mod xml;

use self::phrases::{PHRASES, WORDS, Where};
use super::finding::{Place, Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};
use super::search::contains;

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

/// Judges a decoded value by what it holds.
pub(super) fn judge(_place: Place, scan: &Scan<'_>) -> Option<Verdict> {
    let (value, bytes) = (scan.value(), scan.bytes());
    if is_shellshock(value) {
        return Some(Verdict::new(
            ThreatKind::Shellshock,
            Severity::Critical,
            "a value begins as a function of bash",
        ));
    }
    // Dots and colons tell nothing, unless the value is one long name, as java.lang.Runtime is.
    if !bytes.has_any(TELLING) && bytes.has_any(Bytes::BLANK) {
        return None;
    }
    let closed = bytes.has_any(Bytes::AT) && bytes.has_any(Bytes::PARENTHESIS);
    let bracketed = closed || bytes.has_any(Bytes::BRACE.or(Bytes::PERCENT).or(Bytes::BRACKET));
    let judges = [
        (
            bracketed,
            template::judge as fn(&Scan<'_>) -> Option<Verdict>,
        ),
        (bracketed && bytes.has_any(lookup::SIGNS), lookup::judge),
        (bytes.has_any(Bytes::LESS), xml::judge),
        (true, phrase),
    ];
    let asked = judges.into_iter().filter(|(is_asked, _)| *is_asked);
    Verdict::gravest(asked.filter_map(|(_, judge)| judge(scan)))
}

fn phrase(scan: &Scan<'_>) -> Option<Verdict> {
    let value = scan.value();
    let phrase = PHRASES.find_by_signs(scan, |at, phrase, (_, place, _)| match place {
        Where::Anywhere => true,
        Where::Called => {
            (at == 0 || !is_name(value[at - 1])) && is_called_with_text(&value[at + phrase.len()..])
        }
    });
    let word = || {
        let mut words = WORDS.iter();
        words.find_map(|(word, meaning)| contains(value, word).then_some(*meaning))
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
