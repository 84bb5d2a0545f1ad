//! The ways in which a value may be quoted, read side by side.

use smallvec::SmallVec;

use super::grammar::Grammar;
use crate::threat::finding::Verdict;

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
