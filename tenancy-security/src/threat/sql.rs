//! SQL injection: values that go on with the query they are put into.

mod grammar;
mod lex;
mod marks;
mod rules;
mod statements;
mod words;

use self::grammar::{Grammar, Reading};
use super::finding::{Place, Verdict};
use super::scan::Bytes;

/// One of these stands in every injection.
pub(super) const SIGNS: Bytes = Bytes::BLANK.or(Bytes::QUOTE).or(Bytes::MARKUP).or(Bytes::SIGN).or(Bytes::SLASH).or(Bytes::AMPERSAND).or(Bytes::PLUS).or(Bytes::CONTROL);

/// Judges a decoded value as part of a query, in each way that it may be quoted there.
pub(super) fn judge(_place: Place, value: &[u8]) -> Option<Verdict> {
    [Reading::Bare, Reading::Quoted(b'\''), Reading::Quoted(b'"')]
        .into_iter()
        .filter_map(|reading| Grammar::new(value, reading))
        .find_map(Grammar::judge)
}
