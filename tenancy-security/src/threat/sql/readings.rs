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
        let goes_on = grammars[behind].read();
        let (found, began) = (grammars[behind].found(), grammars[behind].began());
        if found.is_some_and(|found| found.severity.blocks()) {
            return found;
        }
        gravest = gravest.or(found);
        let is_alone = grammars
            .iter()
            .filter(|grammar| grammar.began() == began)
            .count()
            == 1;
        if !goes_on || !is_alone {
            grammars.swap_remove(behind);
        }
    }
    gravest
}
