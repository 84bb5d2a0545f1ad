//! What the rules cannot do without.

use super::lex::is_word;
use super::readings::leaves_name;
use super::words::{WORDS, Word};
use crate::threat::scan::Bytes;
use crate::threat::search::any_near;

/// Whether a value holds a quote, the end of a name in backticks, a comment, a sign of logic or one
/// of the words that the [rules](super::rules) need: where none is, none of them is fulfilled.
pub(super) fn are_in(value: &[u8], bytes: Bytes) -> bool {
    let is_pair = |[_, first, second, ..]: [u8; 5]| {
        let twice = (first == second) & ((first == b'-') | (first == b'&') | (first == b'|'));
        twice | ((first == b'/') & (second == b'*'))
    };
    let pairs = Bytes::BAR
        .or(Bytes::AMPERSAND)
        .or(Bytes::HYPHEN)
        .or(Bytes::STAR);
    bytes.has_any(Bytes::QUOTE.or(Bytes::HASH).or(Bytes::BACKSLASH))
        || (bytes.has_any(pairs) && any_near(value, is_pair))
        || leaves_name(value, bytes)
        || has_key_word(value)
}

fn has_key_word(value: &[u8]) -> bool {
    let mut start = 0;
    while start < value.len() {
        if !is_word(value[start]) {
            start += 1;
            continue;
        }
        let rest = &value[start..];
        let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
        // A word may stand behind a number without a blank.
        if (rest[0].is_ascii_digit() && length > 2)
            || WORDS.get(&rest[..length]).is_some_and(is_key)
        {
            return true;
        }
        start += length;
    }
    false
}

/// Whether a word does more than stand between others.
fn is_key(word: Word) -> bool {
    !matches!(
        word,
        Word::Not
            | Word::Before
            | Word::Top
            | Word::After
            | Word::Constant
            | Word::From
            | Word::By
            | Word::Table
            | Word::As
            | Word::Branch
            | Word::End
            | Word::Common
            | Word::Schema
            | Word::Secret
            | Word::Between
            | Word::Union
    )
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::threat::sql::grammar::Grammar;
    use crate::threat::sql::readings;

    fn is_found(value: &[u8]) -> bool {
        let readings = readings::of(value, Bytes::of(value));
        let grammars = readings.filter_map(|reading| Grammar::new(value, reading, true));
        readings::judge(grammars.collect()).is_some()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_holds_no_key_is_no_injection(pieces in vec(prop::sample::select(vec![
            "1", "1", "a", "a ", " ", " ", "=", "(", ")", ",", "/", "@@a", "`", "or", "and ", "in ", "not ", "from ",
            "where ", "limit ", "union ", "by", "len", "dual", "sleep", "char", "case ", "then", "end", "current_user",
        ]), 2..9)) {
            let value = pieces.concat().into_bytes();
            if is_found(&value) {
                prop_assert!(are_in(&value, Bytes::of(&value)));
            }
        }
    }
}
