//! SQL injection: values that go on with the query they are put into.

mod grammar;
mod lex;
mod marks;
mod rules;
mod statements;
mod words;

use self::grammar::{Grammar, Reading};
use super::finding::Verdict;

/// Judges a decoded value as part of a query, in each way that it may be quoted there.
pub(super) fn judge(value: &[u8]) -> Option<Verdict> {
    [Reading::Bare, Reading::Quoted(b'\''), Reading::Quoted(b'"')]
        .into_iter()
        .filter_map(|reading| Grammar::new(value, reading))
        .find_map(Grammar::judge)
}
