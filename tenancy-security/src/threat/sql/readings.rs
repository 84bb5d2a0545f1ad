//! The ways in which a value may be quoted, read side by side.

use smallvec::SmallVec;

use super::grammar::{Grammar, Reading};
use crate::threat::finding::Verdict;
use crate::threat::scan::Bytes;

/// The ways in which a value may be quoted where it is put.
pub(super) fn of(value: &[u8], bytes: Bytes) -> impl Iterator<Item = Reading> {
    let is_quoted = bytes.has_any(Bytes::QUOTE);
    let readings = [
        (Reading::Bare, true),
        (Reading::Quoted(b'\''), is_quoted),
        (Reading::Quoted(b'"'), is_quoted),
        (Reading::Quoted(b'`'), leaves_name(value, bytes)),
    ];
    readings
        .into_iter()
        .filter_map(|(reading, is_possible)| is_possible.then_some(reading))
}

/// Whether a value ends a name in backticks. Texts put such names behind a blank.
pub(super) fn leaves_name(value: &[u8], bytes: Bytes) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
    let leaves = || {
        let length = value.iter().take_while(is_part).count();
        length > 0 && value.get(length) == Some(&b'`')
    };
    bytes.has_any(Bytes::BACKTICK) && leaves()
}

/// Reads all to the end, or to the first attack that one of them is certain of.
///
/// The one that is behind reads on. Where another has begun afresh at the same place they go on alike,
/// and one of them is enough.
pub(super) fn judge(mut grammars: SmallVec<[Grammar<'_>; 3]>) -> Option<Verdict> {
    let mut gravest: Option<Verdict> = None;
    while let Some(behind) = (0..grammars.len()).min_by_key(|&at| grammars[at].began()) {
        let mut goes_on = grammars[behind].read();
        while goes_on && grammars.len() == 1 {
            goes_on = grammars[behind].read();
        }
        let began = grammars[behind].began();
        let is_at_same = |&at: &usize| at != behind && grammars[at].began() == began;
        let other = (0..grammars.len()).find(is_at_same).filter(|_| goes_on);
        if goes_on && other.is_none() {
            continue;
        }
        if let Some(other) = other {
            let readings = grammars[behind].readings();
            grammars[other].join(readings);
        }
        let found = grammars.swap_remove(behind).found();
        if found.is_some_and(|found| found.severity.blocks()) {
            return found;
        }
        gravest = gravest.or(found);
    }
    gravest
}
