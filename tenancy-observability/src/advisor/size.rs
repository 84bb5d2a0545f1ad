//! How large an index would be.

use super::catalog::Table;
use super::design::{Design, Term};

/// What each entry of a B-tree costs beside its keys, and how full its pages are.
const ENTRY_BYTES: f64 = 16.0;
const FILL: f64 = 0.9;
const UNKNOWN_WIDTH_BYTES: f64 = 16.0;

pub(crate) fn bytes(table: &Table, design: &Design) -> f64 {
    let width_of = |name: &str| {
        let statistics = table
            .column(name)
            .and_then(|column| column.statistics.as_ref());
        statistics.map_or(UNKNOWN_WIDTH_BYTES, |statistics| statistics.width_bytes)
    };
    let keys: f64 = design
        .keys
        .iter()
        .map(|key| match &key.term {
            Term::Column(name) => width_of(name),
            Term::Expression(_) => UNKNOWN_WIDTH_BYTES,
        })
        .sum();
    let carried: f64 = design.include.iter().map(|name| width_of(name)).sum();
    let rows = table.rows * share(table, design);
    let pages = (rows * (ENTRY_BYTES + keys + carried) / FILL / 8192.0).ceil();
    (pages + 1.0) * 8192.0
}

/// The share of the table's rows that the index holds.
fn share(table: &Table, design: &Design) -> f64 {
    let of_condition = |condition: &String| {
        let column = condition
            .split(' ')
            .next()
            .and_then(|name| table.column(name));
        let statistics = column.and_then(|column| column.statistics.as_ref());
        let Some(statistics) = statistics else {
            return 0.5;
        };
        if condition.ends_with(" IS NULL") {
            return statistics.null_fraction;
        }
        if condition.ends_with(" IS NOT NULL") {
            return 1.0 - statistics.null_fraction;
        }
        let value = condition
            .rsplit(" = ")
            .next()
            .unwrap_or_default()
            .trim_matches('\'');
        let listed = statistics.common.iter().find(|(common, _)| common == value);
        listed.map_or(1.0 / statistics.distinct.max(1.0), |(_, share)| *share)
    };
    design.predicate.iter().map(of_condition).product()
}
