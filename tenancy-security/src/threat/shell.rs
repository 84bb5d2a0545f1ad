//! Command injection: values that a shell would run a part of.
//!
//! A separator and the name of a program behind it make a command; a text has both now and then.
//! So the name's weight, what follows it and what stands before the separator are judged together.

mod arguments;
mod candidate;
mod commands;
mod name;
mod outright;
mod written_down;

use self::candidate::{Candidate, Lead};
use self::name::{LONGEST, is_before_command};
use super::finding::{Severity, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};

/// What every command holds: a separator, a quote, a path or a program's ending.
pub(super) const SIGNS: Bytes = SEPARATORS
    .or(Bytes::DOT)
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
    .or(Bytes::BACKSLASH)
    .or(Bytes::CONTROL);

const fn found(says: &'static str) -> Option<Verdict> {
    Some(Verdict::new(
        ThreatKind::CommandInjection,
        Severity::High,
        says,
    ))
}

/// The signs to be looked at in a value of these bytes.
pub(super) fn signs(bytes: Bytes) -> Bytes {
    if bytes.has_any(SEPARATORS) {
        SEPARATORS.or(Bytes::SLASH)
    } else {
        Bytes::default()
    }
}

/// Judges a decoded value as a command line.
pub(super) fn begins(scan: &Scan<'_>) -> Option<Verdict> {
    command(scan.value(), 0, Lead::Start, || 0)
}

/// Judges a decoded value as a part of a command line, sign by sign.
#[derive(Debug)]
pub(super) struct Shell<'a> {
    value: &'a [u8],
    lead: usize,
    backticks: usize,
    counted: Counted,
    /// Where the run of bytes ends that shells pass over, for all the separators in it.
    passed: usize,
}

impl<'a> Shell<'a> {
    pub(super) fn of(scan: &Scan<'a>) -> Self {
        Self {
            value: scan.value(),
            lead: scan.lead(),
            backticks: 0,
            counted: Counted::default(),
            passed: 0,
        }
    }

    /// Judges the next sign.
    #[inline]
    pub(super) fn see(&mut self, at: usize, byte: u8) -> Option<Verdict> {
        let value = self.value;
        let next = value.get(at + 1).copied().unwrap_or(0);
        match byte {
            // Of several separators the last one counts.
            b';' | b'|' | b'&' | b'\n' if matches!(next, b';' | b'|' | b'&' | b'\n') => None,
            b';' | b'|' | b'&' | b'\n' => self.command(at, at + 1, Lead::Separator),
            b'$' | b'<' | b'>' if next == b'(' => self.command(at, at + 2, Lead::Substitution),
            b'$' if is_blank_variable(&value[at + 1..]) => {
                found("a shell's own blank stands for a space")
            }
            // A line break as programs write it, and as some of them read it.
            b'\\' if matches!(next, b'n' | b'r') => self.command(at, at + 2, Lead::Separator),
            b'`' => {
                self.backticks += 1;
                if self.backticks % 2 == 1 && is_glued(&value[self.lead.min(at)..at]) {
                    self.command(at, at + 1, Lead::Backtick)
                } else {
                    None
                }
            }
            b'/' if is_device(&value[at..]) => found("a shell connects to another machine"),
            _ => None,
        }
    }

    /// Judges what stands at `start`, behind the sign at `sign`, as a command.
    #[inline]
    fn command(&mut self, sign: usize, start: usize, lead: Lead) -> Option<Verdict> {
        let value = self.value;
        if self.passed < start {
            let run = value[start..].iter();
            self.passed = start + run.take_while(|byte| is_before_command(**byte)).count();
        }
        if self.passed > start + LONGEST {
            return None;
        }
        let counted = &mut self.counted;
        command(value, start, lead, || counted.up_to(value, sign + 1))
    }
}

/// How many bytes at a value's beginning are more than separators, counted as far as it was asked
/// and until they are too many for one word.
#[derive(Debug, Default)]
struct Counted {
    bytes: usize,
    until: usize,
}

impl Counted {
    fn up_to(&mut self, value: &[u8], at: usize) -> usize {
        while self.until < at && self.bytes <= LONGEST {
            self.bytes += usize::from(!is_before_command(value[self.until]));
            self.until += 1;
        }
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
