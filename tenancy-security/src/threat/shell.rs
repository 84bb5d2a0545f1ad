//! Command injection: values that a shell would run a part of.
//!
//! A separator and the name of a program behind it make a command; a text has both now and then.
//! So the name's weight, what follows it and what stands before the separator are judged together.

mod arguments;
mod candidate;
mod commands;
mod name;

use self::candidate::{Candidate, Lead};
use self::name::{LONGEST, is_before_command};
use super::finding::{Place, Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};

/// What every command holds: a separator, a quote or a path.
pub(super) const SIGNS: Bytes = SEPARATORS
    .or(Bytes::SLASH)
    .or(Bytes::QUOTE)
    .or(Bytes::COLON);

const SEPARATORS: Bytes = Bytes::SEMICOLON
    .or(Bytes::BAR)
    .or(Bytes::AMPERSAND)
    .or(Bytes::BACKTICK)
    .or(Bytes::DOLLAR)
    .or(Bytes::LESS)
    .or(Bytes::GREATER)
    .or(Bytes::CONTROL);

const fn found(says: &'static str) -> Option<Verdict> {
    Some(Verdict::new(
        ThreatKind::CommandInjection,
        Severity::High,
        says,
    ))
}

/// Judges a decoded value as a part of a command line.
pub(super) fn judge(_place: Place, scan: &Scan<'_>) -> Option<Verdict> {
    let (value, bytes) = (scan.value(), scan.bytes());
    if let Some(verdict) = command(value, 0, Lead::Start, || 0) {
        return Some(verdict);
    }
    if !bytes.has_any(SEPARATORS) {
        return None;
    }
    let mut backticks = 0;
    let mut counted = Counted::default();
    // Where the run of bytes ends that shells pass over, for all the separators in it.
    let mut passed = 0;
    let lead = scan.lead();
    scan.signs(SEPARATORS.or(Bytes::SLASH))
        .find_map(|(at, byte)| {
            let next = value.get(at + 1).copied().unwrap_or(0);
            let before = || counted.up_to(value, at + 1);
            let command = |at, lead| {
                if passed < at {
                    let run = value[at..].iter();
                    passed = at + run.take_while(|byte| is_before_command(**byte)).count();
                }
                (passed <= at + LONGEST)
                    .then(|| command(value, at, lead, before))
                    .flatten()
            };
            match byte {
                // Of several separators the last one counts.
                b';' | b'|' | b'&' | b'\n' if matches!(next, b';' | b'|' | b'&' | b'\n') => None,
                b';' | b'|' | b'&' | b'\n' => command(at + 1, Lead::Separator),
                b'$' if next == b'(' => command(at + 2, Lead::Substitution),
                b'<' | b'>' if next == b'(' => command(at + 2, Lead::Substitution),
                b'$' if is_blank_variable(&value[at + 1..]) => {
                    found("a shell's own blank stands for a space")
                }
                b'`' => {
                    backticks += 1;
                    if backticks % 2 == 1 && is_glued(&value[lead.min(at)..at]) {
                        command(at + 1, Lead::Backtick)
                    } else {
                        None
                    }
                }
                b'/' if is_device(&value[at..]) => found("a shell connects to another machine"),
                _ => None,
            }
        })
}

/// How many bytes at a value's beginning are more than separators, counted as far as it was asked.
#[derive(Debug, Default)]
struct Counted {
    bytes: usize,
    until: usize,
}

impl Counted {
    fn up_to(&mut self, value: &[u8], at: usize) -> usize {
        let more = value[self.until..at].iter();
        self.bytes += more.filter(|byte| !is_before_command(**byte)).count();
        self.until = at;
        self.bytes
    }
}

/// `$IFS`, `${IFS}`.
fn is_blank_variable(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"{").unwrap_or(rest);
    rest.starts_with(b"IFS")
        && rest
            .get(3)
            .is_none_or(|byte| !byte.is_ascii_lowercase() && *byte != b'_')
}

/// `/dev/tcp/host/port`.
fn is_device(rest: &[u8]) -> bool {
    rest.starts_with(b"/dev/tcp/") || rest.starts_with(b"/dev/udp/")
}

/// Whether backticks behind `lead` begin a value or stand within a word; in Markdown they stand
/// between blanks.
fn is_glued(lead: &[u8]) -> bool {
    match lead.last() {
        None => true,
        Some(byte) => {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'=' | b';' | b'|' | b'&')
                || (lead.len() == 1 && matches!(byte, b'"' | b'\'' | b'$' | b'{'))
        }
    }
}

/// Judges what stands at `at` as a command, behind so many bytes that are no separators.
fn command(value: &[u8], at: usize, lead: Lead, before: impl FnOnce() -> usize) -> Option<Verdict> {
    let candidate = Candidate::at(value, at, lead, before)?;
    if candidate.is_certain() {
        found("a command follows a separator")
    } else {
        None
    }
}
