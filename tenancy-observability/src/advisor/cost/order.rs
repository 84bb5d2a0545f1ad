//! Which conditions and orders an index's keys meet.

use crate::advisor::catalog::Table;
use crate::advisor::design::{Design, Key};
use crate::advisor::syntax::{Access, Order, Predicate, Test};

/// Whether a key can be looked up for the predicate: of the same term, in the same collation.
pub(super) fn matches(key: &Key, predicate: &Predicate) -> bool {
    key.term == predicate.term && key.collation == predicate.collation
}

/// A pattern's beginning is a range only in an order of single characters.
pub(super) fn is_bounded(key: &Key, predicate: &Predicate, table: &Table) -> bool {
    let by_character = key
        .opclass
        .as_deref()
        .is_some_and(|name| name.ends_with("_pattern_ops"));
    match predicate.test {
        Test::Range { .. } => !by_character,
        Test::Prefix => by_character || sorts_by_character(key, table),
        _ => false,
    }
}

fn sorts_by_character(key: &Key, table: &Table) -> bool {
    let column = key.term.column().and_then(|name| table.column(name));
    let own = column.map(|column| column.collation.as_deref().unwrap_or("BINARY"));
    matches!(
        key.collation.as_deref().or(own),
        Some("BINARY" | "C" | "POSIX" | "NOCASE")
    )
}

/// Whether an index that holds rows of a condition holds all that the predicates want.
pub(super) fn is_implied(condition: &str, predicates: &[Predicate]) -> bool {
    let says_something = |predicate: &&Predicate| {
        let column = predicate.term.column().unwrap_or_default();
        condition.strip_suffix(" IS NOT NULL") == Some(column)
            && !matches!(predicate.test, Test::HeldBack | Test::IsNull | Test::Other)
    };
    let is_listed = |predicate: &&Predicate| {
        let listed = condition
            .split_once(" IN (")
            .map(|(_, values)| values.trim_end_matches(')'));
        let Some((Some(value), values)) = predicate.value.as_ref().map(Some).zip(listed) else {
            return false;
        };
        let column = predicate.term.column().unwrap_or_default();
        predicate.test == Test::Equal
            && condition.starts_with(&format!("{column} IN ("))
            && values
                .split(", ")
                .any(|other| other.trim_matches('\'') == value)
    };
    predicates.iter().any(|predicate| {
        predicate.text.split(" AND ").any(|part| part == condition)
            || says_something(&predicate)
            || is_listed(&predicate)
    })
}

/// Whether rows come out of the index in the order wanted, forwards or backwards.
pub(super) fn gives_order(design: &Design, order: &[Order], predicates: &[Predicate]) -> bool {
    let is_fixed = |term, collation: &Option<String>| {
        predicates.iter().any(|predicate| {
            predicate.term == term
                && predicate.collation == *collation
                && matches!(
                    predicate.test,
                    Test::Equal | Test::IsNull | Test::In(Some(1))
                )
        })
    };
    let mut keys = design
        .keys
        .iter()
        .skip_while(|key| is_fixed(key.term.clone(), &key.collation));
    let mut backwards = None;
    order
        .iter()
        .filter(|item| !is_fixed(item.term.clone(), &item.collation))
        .all(|item| {
            let Some(key) = keys.next() else { return false };
            let turned = key.descending != item.descending;
            key.term == item.term
                && key.collation == item.collation
                && key.opclass.is_none()
                && key.nulls_first == item.nulls_first
                && *backwards.get_or_insert(turned) == turned
        })
}

/// Whether the index alone has all that the statement looks at.
pub(super) fn covers(design: &Design, access: &Access) -> bool {
    let has = |column: &String| {
        let keys = design.keys.iter().filter_map(|key| key.term.column());
        keys.chain(design.include.iter().map(String::as_str))
            .any(|name| name == column)
    };
    design.method == "btree"
        && access
            .columns
            .as_ref()
            .is_some_and(|columns| columns.iter().all(has))
}
