//! A word that may be a command.

use super::arguments::{Ends, begins_with_sign, has_switch, is_address, is_sentence, writes_file};
use super::commands::{COMMANDS, Command};
use super::name::{LONGEST, Name, is_before_command};
use super::outright::is_outright;
use super::written_down::{is_written_down, tells};

/// How a command is brought about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lead {
    /// The value begins with it.
    Start,
    /// `;`, `|`, `&`, a line break.
    Separator,
    /// `$(`, `<(`, `>(`.
    Substitution,
    /// A backtick.
    Backtick,
}

/// A program's name where a command may begin.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    value: &'a [u8],
    /// Where the command may begin, behind its separator.
    at: usize,
    /// Where the name does.
    start: usize,
    lead: Lead,
    /// How many bytes stand before that are no separators; all that are more than a name has count
    /// as one more.
    before: usize,
    name: Name,
    /// What is known of the name; a program that is named by its path needs not be known.
    command: Option<Command>,
    rest: &'a [u8],
    ends: Ends,
}

impl<'a> Candidate<'a> {
    pub(super) fn at(
        value: &'a [u8],
        at: usize,
        lead: Lead,
        before: impl FnOnce() -> usize,
    ) -> Option<Self> {
        let blanks = value[at..]
            .iter()
            .take(LONGEST)
            .take_while(|byte| is_before_command(**byte))
            .count();
        let start = at + blanks;
        if !Name::may_be_known(&value[start..]) {
            return None;
        }
        let name = Name::read(value, start);
        let command = COMMANDS.get(name.name());
        if command.is_none() && !name.in_folder && !name.is_masked {
            return None;
        }
        let rest = &value[name.end..];
        // `{nc,-e,sh}`: a shell puts blanks for the commas.
        let is_braced = value[..start].ends_with(b"{") && rest.starts_with(b",");
        Some(Self {
            value,
            at,
            start,
            lead,
            before: before(),
            name,
            command,
            rest,
            ends: if is_braced {
                Ends::Argument
            } else {
                Ends::of(rest)
            },
        })
    }

    pub(super) fn is_certain(&self) -> bool {
        let Some(command) = self.command else {
            let is_behind = self.lead != Lead::Start;
            return is_behind && (self.name.is_masked || self.ends != Ends::Not);
        };
        self.ends != Ends::Not
            && match self.lead {
                Lead::Start => self.is_the_value(command),
                Lead::Substitution => self.is_substituted(command),
                Lead::Backtick => self.is_in_backticks(),
                Lead::Separator => self.is_separated(command),
            }
    }

    /// Without a separator: a program by its path, a shell told to run something, a separator
    /// behind, or nothing else but quotes.
    fn is_the_value(&self, command: Command) -> bool {
        let is_odd = command != Command::Word;
        let is_joined = matches!(self.rest.trim_ascii_start(), [b';' | b'|' | b'&', ..]);
        let skipped = &self.value[self.at..self.start];
        let is_quoted = skipped.iter().any(|byte| matches!(byte, b'\'' | b'"'));
        (self.name.in_folder && self.start == self.at)
            || (command == Command::Shell
                && self.has_argument()
                && (begins_with_sign(self.rest) || (self.is_executable() && runs(self.rest))))
            || (is_odd
                && is_joined
                && command != Command::Needy
                && !skipped.contains(&b'(')
                && !self.leads_to_another())
            || (is_joined && self.rest.trim_ascii().len() <= 2)
            || (is_odd && is_quoted && matches!(self.rest, [b'\'' | b'"']))
            || (self.has_argument() && is_outright(self.name.name(), self.rest))
    }

    /// `$(…)` in the middle of a text is a note for programmers, unless it does something.
    fn is_substituted(&self, command: Command) -> bool {
        let before = self.value[..self.at].iter().rev().nth(2);
        let is_spaced = before == Some(&b' ') && self.before > 8;
        match command {
            Command::Word if self.value[self.at - 2] != b'$' => begins_with_sign(self.rest),
            _ if is_spaced => {
                self.has_argument() && begins_with_sign(self.rest) && command != Command::Word
            }
            _ => true,
        }
    }

    /// Backticks around the whole value, or within a word; others are Markdown.
    fn is_in_backticks(&self) -> bool {
        let Some(end) = self.rest.iter().take(80).position(|&byte| byte == b'`') else {
            return false;
        };
        let lead = self.value[..self.at - 1].trim_ascii_end();
        let is_inside_word = lead
            .last()
            .is_some_and(|byte| !matches!(byte, b'"' | b'\''));
        is_inside_word || self.rest[end + 1..].trim_ascii().len() <= 2
    }

    fn is_separated(&self, command: Command) -> bool {
        if is_written_down(self.value, self.name.name()) {
            return false;
        }
        if self.has_argument() && is_outright(self.name.name(), self.rest) {
            return true;
        }
        if self.begins_with_program() && (self.tells_at_the_end() || self.sends()) {
            return true;
        }
        if self.is_between_blanks() {
            // "R & D", and a table's columns.
            return (self.before <= 2 && self.ends != Ends::Separator)
                || (self.has_argument()
                    && begins_with_sign(self.rest)
                    && command != Command::Word)
                || (command == Command::Shell && self.ends == Ends::End);
        }
        if self.is_character_reference() {
            return false;
        }
        let begins = self.before <= 2;
        if command != Command::Word {
            return if self.has_argument() {
                begins || has_switch(self.rest) || !is_sentence(self.rest)
            } else {
                command != Command::Needy || self.before == 0
            };
        }
        (begins && (!self.has_argument() || !is_sentence(self.rest)))
            || self.name.in_folder
            || (self.has_argument() && (begins_with_sign(self.rest) || writes_file(self.rest)))
            || (!self.has_argument() && self.stands_behind_one_word())
    }

    /// `powershell.exe`: in a text a shell is named without.
    fn is_executable(&self) -> bool {
        let written = &self.value[self.start..self.name.end];
        written
            .last_chunk::<4>()
            .is_some_and(|end| end.eq_ignore_ascii_case(b".exe"))
    }

    /// Whether the value begins with a program's name as a shell takes it, and goes on with a blank.
    fn begins_with_program(&self) -> bool {
        let first = self.value.iter().take(LONGEST);
        let first = &self.value[..first.take_while(|byte| **byte > b' ').count()];
        !first.iter().any(u8::is_ascii_uppercase) && COMMANDS.get(first).is_some()
    }

    /// `git log; id`: behind another command, nothing but a question about the machine.
    fn tells_at_the_end(&self) -> bool {
        let first = self.value.split(|byte| *byte <= b' ').next();
        let is_word = |first| COMMANDS.get(first) == Some(Command::Word);
        self.rest.trim_ascii().is_empty()
            && !first.is_some_and(is_word)
            && tells(&self.value[self.start..self.name.end])
    }

    /// `tar c x | nc host 80`.
    fn sends(&self) -> bool {
        self.value[..self.at].ends_with(b"|")
            && matches!(
                &self.value[self.start..self.name.end],
                b"nc" | b"ncat" | b"netcat" | b"telnet"
            )
            && is_address(self.rest)
    }

    /// Whether the command behind the separator is one that people write down beside this one.
    fn leads_to_another(&self) -> bool {
        let skipped = self.rest.iter().take(LONGEST);
        let skipped = skipped.take_while(|byte| is_before_command(**byte)).count();
        let name = Name::read(self.rest, skipped);
        is_written_down(self.value, name.name())
    }

    fn has_argument(&self) -> bool {
        self.ends == Ends::Argument
    }

    /// An ampersand or a bar with a blank on either side.
    fn is_between_blanks(&self) -> bool {
        let separator = self.at.checked_sub(1).map(|at| self.value[at]);
        let before = self.at.checked_sub(2).map(|at| self.value[at]);
        matches!(separator, Some(b'&' | b'|'))
            && before.is_none_or(|byte| byte == b' ')
            && self.value.get(self.at) == Some(&b' ')
    }

    /// `&copy;`.
    fn is_character_reference(&self) -> bool {
        self.value[..self.at].ends_with(b"&")
            && self.start == self.at
            && self.rest.starts_with(b";")
            && self.name.name().len() > 2
    }

    fn stands_behind_one_word(&self) -> bool {
        self.before <= LONGEST && !self.value[..self.at].trim_ascii().contains(&b' ')
    }
}

/// Whether a shell's argument is a command, alone or with arguments of its own.
fn runs(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    let name = Name::read(rest, 0);
    let behind = &rest[name.end..];
    let is_odd = COMMANDS
        .get(name.name())
        .is_some_and(|command| command != Command::Word);
    (is_odd || is_cmdlet(&rest[..name.end]))
        && match Ends::of(behind) {
            Ends::Not => behind.starts_with(b"("),
            Ends::End | Ends::Separator => true,
            Ends::Argument => has_switch(behind),
        }
}

/// `Get-Process`.
fn is_cmdlet(name: &[u8]) -> bool {
    let mut words = name.split(|&byte| byte == b'-');
    let is_word = |word: &[u8]| {
        word.len() > 1 && word[0].is_ascii_uppercase() && word.iter().all(u8::is_ascii_alphanumeric)
    };
    words.next().is_some_and(is_word) && words.next().is_some_and(is_word) && words.next().is_none()
}
