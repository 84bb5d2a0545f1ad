//! SQL injection: values that go on with the query they are put into.

mod grammar;
mod lex;
mod marks;
mod rules;
mod statements;
mod words;

use self::grammar::{Grammar, Reading};
use self::words::{WORDS, Word};
use super::finding::{Place, Verdict};
use super::scan::Bytes;

/// One of these stands in every injection.
pub(super) const SIGNS: Bytes = PUNCTUATION
    .or(Bytes::BLANK)
    .or(Bytes::PLUS)
    .or(Bytes::DOT)
    .or(Bytes::SLASH);

/// One of these stands in every injection that does not begin with a number or hold a SELECT.
const PUNCTUATION: Bytes = TELLING
    .or(Bytes::PARENTHESIS)
    .or(Bytes::QUOTE)
    .or(Bytes::SEMICOLON)
    .or(Bytes::HASH)
    .or(Bytes::STAR)
    .or(Bytes::BAR)
    .or(Bytes::AMPERSAND)
    .or(Bytes::BACKTICK)
    .or(Bytes::BACKSLASH);

/// One of these, a call or a SELECT stands in every injection that follows a text.
const TELLING: Bytes = Bytes::EQUALS.or(Bytes::LESS).or(Bytes::GREATER);

/// How far before a parenthesis a function's name begins.
const LONGEST_NAME: usize = 40;

/// Judges a decoded value as part of a query, in each way that it may be quoted there.
pub(super) fn judge(_place: Place, value: &[u8], bytes: Bytes) -> Option<Verdict> {
    let begins_as_text = value
        .iter()
        .find(|byte| **byte > b' ')
        .is_none_or(|&byte| byte.is_ascii_alphabetic() || byte >= 0x80);
    let selects = has_select(value);
    if begins_as_text && !selects && !bytes.has_any(PUNCTUATION) {
        return None;
    }
    // Where nothing telling follows, a text is left at its first word.
    let reads_on =
        selects || bytes.has_any(TELLING) || (bytes.has_any(Bytes::PARENTHESIS) && has_call(value));
    let readings = [Reading::Bare, Reading::Quoted(b'\''), Reading::Quoted(b'"')];
    let readings = if bytes.has_any(Bytes::QUOTE) {
        &readings[..]
    } else {
        &readings[..1]
    };
    readings
        .iter()
        .filter_map(|reading| Grammar::new(value, *reading, reads_on))
        .find_map(Grammar::judge)
}

/// Whether a function is called that is worth reading on for behind a text.
fn has_call(value: &[u8]) -> bool {
    let opened = (0..value.len()).filter(|&at| value[at] == b'(');
    opened.into_iter().any(|at| {
        let before = value[at.saturating_sub(LONGEST_NAME)..at].trim_ascii_end();
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.');
        let length = before.iter().rev().take_while(is_name).count();
        let name = &before[before.len() - length..];
        // DBMS_PIPE.RECEIVE_MESSAGE: the package tells.
        name.split(|&byte| byte == b'.')
            .any(|part| matches!(WORDS.get(part), Some(Word::Hot | Word::Server)))
    })
}

fn has_select(value: &[u8]) -> bool {
    value
        .windows(6)
        .any(|window| window[2] | 0x20 == b'l' && window.eq_ignore_ascii_case(b"select"))
}
