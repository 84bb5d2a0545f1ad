//! What stands behind the name of a program.

use memchr::memchr;

/// How far the end of a command is looked for.
const LONGEST: usize = 128;

/// What is longer is no word of a text.
const LONGEST_WORD: usize = 1024;

/// What follows a command's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ends {
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
    pub(super) fn of(rest: &[u8]) -> Self {
        match rest {
            [] => Self::End,
            [
                b';' | b'|' | b'&' | b'`' | b')' | b'\n' | b'#' | b'<' | b'>' | b'}',
                ..,
            ] => Self::Separator,
            [b'\'' | b'"', ..] => Self::End,
            [b'\\', b'n' | b'r', ..] => Self::Separator,
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
pub(super) fn has_switch(rest: &[u8]) -> bool {
    let rest = first_of(rest);
    match rest {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'-',
        [b'/', next, ..] => next.is_ascii_alphanumeric(),
        [
            b'$' | b'~' | b'%' | b'\'' | b'"' | b'<' | b'>' | b'*' | b'.' | b'\\',
            ..,
        ] => true,
        _ => {
            let word = word(rest);
            let word = word.split(|&byte| byte == b'+').next().unwrap_or(word);
            // A version, as in "GCC 4.3", is no file's name.
            let is_file = word
                .windows(2)
                .any(|pair| pair[0] == b'.' && pair[1].is_ascii_alphabetic());
            is_file
                || is_last_number(word, rest)
                || word
                    .iter()
                    .any(|byte| matches!(byte, b'/' | b'\\' | b'=' | b'$' | b'@' | b':' | b'*'))
        }
    }
}

/// Whether the first argument begins as no word of a text does: with a dash, a slash, a variable.
pub(super) fn begins_with_sign(rest: &[u8]) -> bool {
    let rest = first_of(rest);
    match rest {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'-',
        [b'/', next, ..] => next.is_ascii_alphanumeric(),
        [b'c'..=b'e' | b'C'..=b'E', b':', ..] => true,
        [
            b'$' | b'~' | b'%' | b'*' | b'.' | b'\\' | b'\'' | b'"' | b'<' | b'>',
            ..,
        ] => true,
        _ => {
            let word = word(rest);
            is_last_number(word, rest)
                || word.windows(3).any(|window| window == b"://")
                || word.windows(5).any(|window| window == b"/etc/")
        }
    }
}

/// Whether arguments read like words of a text.
pub(super) fn is_sentence(rest: &[u8]) -> bool {
    !has_switch(rest) && {
        let rest = rest.trim_ascii_start();
        let first = memchr(b' ', &rest[..rest.len().min(LONGEST_WORD)]);
        // A comment behind the last argument is none of its words.
        first.is_some_and(|end| match rest[end..].trim_ascii_start() {
            [] => false,
            [b'#', behind @ ..] => behind.iter().any(|byte| !byte.is_ascii_whitespace()),
            _ => true,
        })
    }
}

/// Whether the output goes to a file that is named by its path.
pub(super) fn writes_file(rest: &[u8]) -> bool {
    let command = &rest[..rest.len().min(LONGEST)];
    let Some(at) = command
        .iter()
        .position(|byte| matches!(byte, b'>' | b';' | b'|' | b'&' | b'\n'))
        .filter(|&at| command[at] == b'>')
    else {
        return false;
    };
    let file = command[at + 1..].trim_ascii_start();
    matches!(file, [b'/' | b'.', next, ..] if next.is_ascii_alphanumeric() || *next == b'/')
}

/// Whether the arguments are a host and a port, and no more.
pub(super) fn is_address(rest: &[u8]) -> bool {
    let command = &rest[..rest.len().min(LONGEST)];
    let command = command
        .split(|byte| matches!(byte, b';' | b'|' | b'&' | b'\n' | b'#'))
        .next();
    let words = command.unwrap_or_default().split(u8::is_ascii_whitespace);
    let mut words = words.filter(|word| !word.is_empty());
    let (host, port, more) = (words.next(), words.next(), words.next());
    host.is_some() && port.is_some_and(|port| port.iter().all(u8::is_ascii_digit)) && more.is_none()
}

/// What follows a name, from its first argument on.
fn first_of(rest: &[u8]) -> &[u8] {
    let blanks = rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || **byte == b'+');
    &rest[blanks.count()..]
}

/// The word that `rest` begins with: it ends where another command may begin, so that no two of them
/// look at the same word.
fn word(rest: &[u8]) -> &[u8] {
    let ends = |(at, byte): (usize, &u8)| match byte {
        0..=b' ' | b';' | b'|' | b'&' => true,
        b'<' | b'>' => rest.get(at + 1) == Some(&b'('),
        _ => false,
    };
    let length = rest.iter().enumerate().position(ends);
    &rest[..length.unwrap_or(rest.len())]
}

/// Whether a number is all that follows.
fn is_last_number(word: &[u8], rest: &[u8]) -> bool {
    !word.is_empty() && rest.len() - word.len() <= 1 && word.iter().all(u8::is_ascii_digit)
}
