//! SQL injection: values that go on with the query they are put into.

mod grammar;
mod keys;
mod lex;
mod marks;
mod readings;
mod rules;
mod start;
mod statements;
mod words;

use memchr::memmem;

use self::grammar::Grammar;
use self::words::{WORDS, Word};
use super::finding::Verdict;
use super::scan::{Bytes, Scan};
use super::search::{Needle, any_near};

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

const SELECT: Needle = Needle::new(b"select");
const EXEC: Needle = Needle::new(b"exec");
const OUTFILE: Needle = Needle::new(b"outfile");
const DUMPFILE: Needle = Needle::new(b"dumpfile");

/// Longer values are looked through for what an injection needs before they are read.
const LOOKED_THROUGH: usize = 1024;

/// How far before a parenthesis a function's name begins.
const LONGEST_NAME: usize = 40;

/// Judges a decoded value as part of a query, in each way that it may be quoted there.
pub(super) fn judge(scan: &Scan<'_>) -> Option<Verdict> {
    let (value, bytes) = (scan.value(), scan.bytes());
    let begins_as_text = value
        .iter()
        .find(|byte| **byte > b' ')
        .is_none_or(|&byte| byte.is_ascii_alphabetic() || byte >= 0x80);
    let selects = SELECT.is_in(value);
    let is_cut_off = || bytes.has_any(Bytes::HYPHEN) && ends_behind_number(value);
    if begins_as_text && !selects && !bytes.has_any(PUNCTUATION) && !is_cut_off() {
        return None;
    }
    // A short value is read as quickly.
    if value.len() > LOOKED_THROUGH && !keys::are_in(value, bytes) {
        return None;
    }
    // Where nothing telling follows, a text is left at its first word.
    let reads_on = selects
        || (bytes.has_any(TELLING) && may_follow_text(value, bytes))
        || (bytes.has_any(Bytes::PARENTHESIS) && has_call(scan))
        || (bytes.has_any(Bytes::SEMICOLON) && EXEC.is_in(value));
    let grammars =
        readings::of(value, bytes).filter_map(|reading| Grammar::new(value, reading, reads_on));
    if reads_on {
        return readings::judge(grammars.collect());
    }
    Verdict::gravest(grammars.filter_map(|mut grammar| {
        grammar.read();
        grammar.found()
    }))
}

/// `ORDER BY 7--`: whether a number stands before the first two dashes. Texts have words there.
fn ends_behind_number(value: &[u8]) -> bool {
    let before = memmem::find(value, b"--").map(|at| value[..at].trim_ascii_end());
    before.is_some_and(|before| before.last().is_some_and(u8::is_ascii_digit))
}

/// Whether what stands in the middle of a text can be an attack for its comparisons: they are joined
/// to something, or a statement or the server's own names follow.
fn may_follow_text(value: &[u8], bytes: Bytes) -> bool {
    let is_letter = |byte: u8| (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_logic = |[before, a, b, c, d]: [u8; 5]| {
        let [first, second, third] = [a, b, c].map(|byte| byte | 0x20);
        let or = (first == b'o') & (second == b'r') & !is_letter(c);
        let and = (first == b'a') & (second == b'n') & (third == b'd') & !is_letter(d);
        let xor = (first == b'x') & (second == b'o') & (third == b'r') & !is_letter(d);
        // A hexadecimal number ends in letters, at which a word may begin.
        let signs = ((a == b'&') & (b == b'&')) | ((a == b'0') & (second == b'x'));
        (!is_letter(before) & (or | and | xor)) | signs
    };
    bytes.has_any(Bytes::AT.or(Bytes::BACKSLASH))
        || any_near(value, is_logic)
        || [EXEC, OUTFILE, DUMPFILE]
            .iter()
            .any(|word| word.is_in(value))
}

/// Whether a function is called that is worth reading on for behind a text.
fn has_call(scan: &Scan<'_>) -> bool {
    let value = scan.value();
    scan.signs(Bytes::PARENTHESIS).any(|(at, _)| {
        let before = value[at.saturating_sub(LONGEST_NAME)..at].trim_ascii_end();
        let is_name = |byte: &&u8| {
            byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.' | b'$' | 0x80..)
        };
        let length = before.iter().rev().take_while(is_name).count();
        let name = &before[before.len() - length..];
        // DBMS_PIPE.RECEIVE_MESSAGE: the package tells.
        name.split(|&byte| byte == b'.')
            .any(|part| matches!(WORDS.get(part), Some(Word::Hot | Word::Server)))
    })
}
