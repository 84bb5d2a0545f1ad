//! What stands behind the name of a program.

/// How far the end of a command is looked for.
const LONGEST: usize = 128;

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
            // A version, as in "GCC 4.3", is no file's name.
            let is_file = word
                .windows(2)
                .any(|pair| pair[0] == b'.' && pair[1].is_ascii_alphabetic());
            let is_number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
            is_file
                || (is_number && rest.len() - word.len() <= 1)
                || word
                    .iter()
                    .any(|byte| matches!(byte, b'/' | b'\\' | b'=' | b'$' | b'@' | b':' | b'*'))
        }
    }
}

/// Whether the first argument begins as no word of a text does: with a dash, a slash, a variable.
pub(super) fn begins_with_sign(rest: &[u8]) -> bool {
    match rest.trim_ascii_start() {
        [b'-', next, ..] => next.is_ascii_alphanumeric() || *next == b'-',
        [b'/', next, ..] => next.is_ascii_alphanumeric(),
        [b'+', rest @ ..] => begins_with_sign(rest),
        [b'c'..=b'e' | b'C'..=b'E', b':', ..] => true,
        [
            b'$' | b'~' | b'%' | b'*' | b'.' | b'\\' | b'\'' | b'"' | b'<' | b'>',
            ..,
        ] => true,
        rest => {
            let word = rest
                .split(|byte| matches!(byte, b' ' | b';' | b'|' | b'&'))
                .next()
                .unwrap_or(rest);
            let is_number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
            is_number && rest.len() - word.len() <= 1
                || word.windows(3).any(|window| window == b"://")
                || word.windows(5).any(|window| window == b"/etc/")
        }
    }
}

/// Whether arguments read like words of a text.
pub(super) fn is_sentence(rest: &[u8]) -> bool {
    !has_switch(rest) && {
        let rest = rest.trim_ascii();
        // A comment behind the last argument is none of its words.
        let words = rest.strip_suffix(b"#").unwrap_or(rest).trim_ascii_end();
        words.contains(&b' ')
    }
}

/// Whether the output goes to a file that is named by its path.
pub(super) fn writes_file(rest: &[u8]) -> bool {
    let command = rest.iter().take(LONGEST);
    let command = command.take_while(|byte| !matches!(byte, b';' | b'|' | b'&' | b'\n'));
    let command = &rest[..command.count()];
    let Some(at) = command.iter().position(|&byte| byte == b'>') else {
        return false;
    };
    let file = command[at + 1..].trim_ascii_start();
    matches!(file, [b'/' | b'.', next, ..] if next.is_ascii_alphanumeric() || *next == b'/')
}
