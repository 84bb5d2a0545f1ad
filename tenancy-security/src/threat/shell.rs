//! Command injection: values that a shell would run a part of.
//!
//! A separator and the name of a program behind it make a command; a text has both now and then.
//! So the name's weight, what follows it and what stands before the separator are judged together.

mod commands;

use self::commands::{COMMANDS, Command};
use super::finding::{Place, Severity, ThreatKind, Verdict};
use super::scan::Bytes;

/// What every command holds: a separator, a quote or a path.
pub(super) const SIGNS: Bytes = Bytes::SEMICOLON
    .or(Bytes::BAR)
    .or(Bytes::AMPERSAND)
    .or(Bytes::BACKTICK)
    .or(Bytes::DOLLAR)
    .or(Bytes::LESS)
    .or(Bytes::GREATER)
    .or(Bytes::SLASH)
    .or(Bytes::QUOTE)
    .or(Bytes::COLON)
    .or(Bytes::CONTROL);

/// The longest name of a program.
const LONGEST: usize = 24;

const fn found(says: &'static str) -> Option<Verdict> {
    Some(Verdict::new(
        ThreatKind::CommandInjection,
        Severity::High,
        says,
    ))
}

/// How a command is brought about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lead {
    /// The value begins with it.
    Start,
    /// `;`, `|`, `&`, a line break.
    Separator,
    /// `$(`, `<(`, `>(`.
    Substitution,
    /// A backtick.
    Backtick,
}

/// Judges a decoded value as a part of a command line.
pub(super) fn judge(_place: Place, value: &[u8], _bytes: Bytes) -> Option<Verdict> {
    if let Some(verdict) = command(value, 0, Lead::Start, 0) {
        return Some(verdict);
    }
    let mut backticks = 0;
    // How many bytes stand before that are more than separators.
    let mut before = 0;
    for (at, &byte) in value.iter().enumerate() {
        before += usize::from(!is_before_command(byte));
        let next = value.get(at + 1).copied().unwrap_or(0);
        let verdict = match byte {
            // Of several separators the last one counts.
            b';' | b'|' | b'&' | b'\n' if matches!(next, b';' | b'|' | b'&' | b'\n') => None,
            b';' | b'|' | b'&' | b'\n' => command(value, at + 1, Lead::Separator, before),
            b'$' if next == b'(' => command(value, at + 2, Lead::Substitution, before),
            b'<' | b'>' if next == b'(' => command(value, at + 2, Lead::Substitution, before),
            b'$' if is_blank_variable(&value[at + 1..]) => {
                found("a shell's own blank stands for a space")
            }
            b'`' => {
                backticks += 1;
                if backticks % 2 == 1 && is_glued(value, at) {
                    command(value, at + 1, Lead::Backtick, before)
                } else {
                    None
                }
            }
            b'/' if is_device(&value[at..]) => found("a shell connects to another machine"),
            _ => None,
        };
        if verdict.is_some() {
            return verdict;
        }
    }
    None
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

/// Whether backticks begin a value or stand within a word; in Markdown they stand between blanks.
fn is_glued(value: &[u8], at: usize) -> bool {
    let lead = value[..at].trim_ascii_start();
    match lead.last() {
        None => true,
        Some(byte) => {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'=' | b';' | b'|' | b'&')
                || (lead.len() == 1 && matches!(byte, b'"' | b'\'' | b'$' | b'{'))
        }
    }
}

/// Judges what stands at `at` as a command.
fn command(value: &[u8], at: usize, lead: Lead, before: usize) -> Option<Verdict> {
    let mut start = at;
    while start - at < LONGEST
        && value
            .get(start)
            .is_some_and(|byte| is_before_command(*byte))
    {
        start += 1;
    }
    let word = Name::read(value, start);
    let rest = &value[word.end..];
    let known = COMMANDS.get(word.name());
    let ends = Ends::of(rest);
    let command = match known {
        Some(command) => command,
        None if word.is_masked && lead != Lead::Start => {
            return found("a command is spelled to slip past a filter");
        }
        None if word.in_folder && lead != Lead::Start && ends != Ends::Not => {
            return found("a program is named by its path behind a separator");
        }
        None => return None,
    };
    if ends == Ends::Not {
        return None;
    }
    // "R & D": an ampersand between blanks joins words.
    let is_ampersand =
        at > 1 && value[at - 1] == b'&' && value[at - 2] == b' ' && value.get(at) == Some(&b' ');
    let certain = match lead {
        // Without a separator: a program by its path, or a shell told to run something.
        Lead::Start => {
            (word.in_folder && start == at)
                || (command == Command::Shell && ends == Ends::Argument && has_switch(rest))
                || (command != Command::Word && ends == Ends::Separator)
                || (ends == Ends::Separator && rest.trim_ascii().len() <= 2)
                || (start > at
                    && value[at..start]
                        .iter()
                        .any(|byte| matches!(byte, b'\'' | b'"'))
                    && command != Command::Word
                    && closes_quote(rest))
                || (command != Command::Word
                    && ends == Ends::Argument
                    && is_outright(word.name(), rest))
        }
        Lead::Substitution => true,
        Lead::Backtick => rest.contains(&b'`') && (rest.len() < 80),
        Lead::Separator => match command {
            _ if is_ampersand => before <= 2 || (ends == Ends::Argument && has_switch(rest)),
            Command::Shell | Command::Tool => {
                ends != Ends::Argument || !is_sentence(rest) || before <= 2
            }
            Command::Word => {
                (before <= 2 && (ends != Ends::Argument || !is_sentence(rest)))
                    || word.in_folder
                    || (ends == Ends::Argument && has_switch(rest))
                    || (ends != Ends::Argument
                        && before <= LONGEST
                        && !value[..at].trim_ascii().contains(&b' '))
            }
        },
    };
    if certain {
        found("a command follows a separator")
    } else {
        None
    }
}

/// What shells pass over before a command's name.
fn is_before_command(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'\r'
            | b'\n'
            | b'+'
            | b'|'
            | b'&'
            | b';'
            | b'('
            | b'{'
            | b'\''
            | b'"'
            | b'@'
            | b'!'
            | b')'
            | b'}'
            | b'`'
    )
}

/// The name of a program as a shell reads it: without quotes and backslashes, behind its folder.
#[derive(Debug)]
struct Name {
    letters: [u8; LONGEST],
    length: usize,
    end: usize,
    in_folder: bool,
    /// It holds wildcards or empty variables.
    is_masked: bool,
}

impl Name {
    fn read(value: &[u8], start: usize) -> Self {
        let mut name = Self {
            letters: [0; LONGEST],
            length: 0,
            end: start,
            in_folder: false,
            is_masked: false,
        };
        let mut folders = 0;
        let mut wildcards = 0;
        for &byte in value[start.min(value.len())..].iter().take(64) {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => {
                    if name.length < LONGEST {
                        name.letters[name.length] = byte.to_ascii_lowercase();
                        name.length += 1;
                    }
                }
                b'/' | b'\\' if byte == b'/' || folders > 0 => {
                    let folder = &name.letters[..name.length];
                    folders += 1;
                    if matches!(folder, b"bin" | b"sbin") {
                        name.in_folder = true;
                    }
                    name.length = 0;
                }
                b'\'' | b'"' | b'\\' | b'^' if name.end > start => {}
                b'?' | b'*' | b'[' | b']' if folders > 0 => wildcards += 1,
                _ => break,
            }
            name.end += 1;
        }
        name.is_masked = folders >= 2 && wildcards > 0 && value.get(start) == Some(&b'/');
        // A closing quote belongs to what follows.
        while name.end > start && matches!(value[name.end - 1], b'\'' | b'"') {
            name.end -= 1;
        }
        if folders > 0 && !name.in_folder {
            name.length = 0;
        }
        name
    }

    fn name(&self) -> &[u8] {
        let name = &self.letters[..self.length];
        name.strip_suffix(b".exe").unwrap_or(name)
    }
}

/// What follows a command's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ends {
    /// Another part of a word: it was no name.
    Not,
    /// The value's end, or a quote.
    End,
    /// Another separator.
    Separator,
    /// An argument.
    Argument,
}

impl Ends {
    fn of(rest: &[u8]) -> Self {
        match rest {
            [] => Self::End,
            [
                b';' | b'|' | b'&' | b'`' | b')' | b'\n' | b'#' | b'<' | b'>' | b'}',
                ..,
            ] => Self::Separator,
            [b'\'' | b'"', ..] => Self::End,
            [b'$' | b'{' | b'%', ..] => Self::Argument,
            [b' ' | b'\t' | b'+', ..] => match rest.trim_ascii_start() {
                [] => Self::End,
                [b';' | b'|' | b'&' | b'`' | b')' | b'#' | b'<' | b'>', ..] => Self::Separator,
                _ => Self::Argument,
            },
            _ => Self::Not,
        }
    }
}

/// Whether arguments look like options, paths, addresses or variables.
fn has_switch(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    match rest {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'-',
        [b'/', next, ..] => next.is_ascii_alphanumeric(),
        [b'+', rest @ ..] => has_switch(rest),
        [
            b'$' | b'~' | b'%' | b'\'' | b'"' | b'<' | b'>' | b'*' | b'.' | b'\\',
            ..,
        ] => true,
        _ => {
            let word = rest
                .split(|byte| matches!(byte, b' ' | b'+' | b';' | b'|' | b'&'))
                .next()
                .unwrap_or(rest);
            word.iter()
                .any(|byte| matches!(byte, b'/' | b'\\' | b'=' | b'$' | b'@' | b':' | b'*'))
                || (word.contains(&b'.') && !word.ends_with(b"."))
                || (!word.is_empty() && word.iter().all(u8::is_ascii_digit))
        }
    }
}

/// Whether arguments read like words of a text.
fn is_sentence(rest: &[u8]) -> bool {
    !has_switch(rest) && {
        let rest = rest.trim_ascii();
        rest.contains(&b' ')
    }
}

fn closes_quote(rest: &[u8]) -> bool {
    matches!(rest, [b'\'' | b'"'])
}

/// `sh -c …`, `bash -i …`.
fn starts_shell(rest: &[u8]) -> bool {
    let name = Name::read(rest, 0);
    COMMANDS.get(name.name()) == Some(Command::Shell) && has_switch(&rest[name.end..])
}

/// Whether a program with these arguments is an attack without any separator.
fn is_outright(name: &[u8], rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    match name {
        b"ping" => matches!(rest, [b'-', b'n' | b'c' | b'i', b' ', b'0'..=b'9', ..]),
        b"wget" | b"curl" | b"iwr" | b"invoke-webrequest" => {
            rest.starts_with(b"http") && rest.iter().filter(|&&byte| byte == b' ').count() <= 2
        }
        b"nohup" | b"strace" | b"sudo" | b"xargs" => starts_shell(rest),
        b"dir" => rest.get(1) == Some(&b':'),
        _ => false,
    }
}
