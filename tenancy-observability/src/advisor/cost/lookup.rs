use super::order::{is_bounded, matches};
use super::selectivity::predicate_share;
use crate::advisor::catalog::Table;
use crate::advisor::design::Design;
use crate::advisor::syntax::{Predicate, Test};

/// How many values a list has that stands in no statement.
const LIST_VALUES: f64 = 10.0;

/// What the leading keys of an index find.
pub(super) struct Lookup {
    pub(super) equalities: usize,
    pub(super) has_range: bool,
    /// Of the rows, how many it leaves.
    pub(super) share: f64,
    /// How often it is looked up: once for each combination of listed values.
    pub(super) values: f64,
    pub(super) join: Option<usize>,
    pub(super) shares_predicate: bool,
}

impl Lookup {
    pub(super) fn new(
        design: &Design,
        predicates: &[Predicate],
        table: &Table,
        joins: bool,
    ) -> Self {
        let mut found = Self {
            equalities: 0,
            has_range: false,
            share: 1.0,
            values: 1.0,
            join: None,
            shares_predicate: false,
        };
        for key in &design.keys {
            let of_key = || {
                predicates
                    .iter()
                    .filter(|predicate| matches(key, predicate))
            };
            let equal = of_key().find(|predicate| predicate.is_equality());
            let joined = of_key().find(|predicate| matches!(predicate.test, Test::Join(_)));
            let Some(predicate) = equal.or(joined.filter(|_| joins)) else {
                if let Some(range) = of_key().find(|predicate| is_bounded(key, predicate, table)) {
                    found.has_range = design.method == "btree";
                    found.share *= predicate_share(table, range);
                    found.shares_predicate |= design.predicate.contains(&range.text);
                }
                break;
            };
            found.equalities += 1;
            let mut share = predicate_share(table, predicate);
            found.shares_predicate |= design.predicate.contains(&predicate.text);
            match predicate.test {
                Test::Join(other) => found.join = Some(other),
                Test::In(values) => {
                    #[allow(clippy::cast_precision_loss, reason = "a list has few values")]
                    let values = values.map_or(LIST_VALUES, |values| values as f64);
                    found.values *= values;
                    share /= values;
                }
                _ => {}
            }
            found.share *= share;
        }
        found
    }
}
