use crate::advisor::catalog::{Statistics, Table};
use crate::advisor::design::Term;
use crate::advisor::syntax::{Predicate, Test};

/// What PostgreSQL's planner takes for an open range, a closed one and a pattern.
const OPEN_RANGE: f64 = 1.0 / 3.0;
const CLOSED_RANGE: f64 = 0.005;
/// How many different values an expression has, as far as anybody knows.
const EXPRESSION_VALUES: f64 = 200.0;

/// The share of a table's rows that meet the predicate.
pub(crate) fn predicate_share(table: &Table, predicate: &Predicate) -> f64 {
    let statistics = match &predicate.term {
        Term::Column(name) => table
            .column(name)
            .and_then(|column| column.statistics.as_ref()),
        Term::Expression(_) => None,
    };
    let distinct = || match statistics {
        Some(statistics) => statistics.distinct.max(1.0),
        None => EXPRESSION_VALUES.min(table.rows.max(1.0)),
    };
    let nulls = statistics.map_or(0.0, |statistics| statistics.null_fraction);
    let equal = || match (&predicate.value, statistics) {
        (Some(value), Some(statistics)) => value_share(statistics, value),
        _ => (1.0 - nulls) / distinct(),
    };
    match predicate.test {
        Test::Equal => equal(),
        Test::In(Some(1)) => equal(),
        Test::In(values) => {
            #[allow(clippy::cast_precision_loss, reason = "a list has few values")]
            let values = values.map_or(10.0, |values| values as f64);
            (values * (1.0 - nulls) / distinct()).min(1.0)
        }
        Test::Join(_) => (1.0 - nulls) / distinct(),
        Test::IsNull => statistics.map_or(0.005, |statistics| statistics.null_fraction.max(1e-6)),
        Test::Range { bounds: 1 } => OPEN_RANGE,
        Test::Range { .. } | Test::Prefix | Test::Contains => CLOSED_RANGE,
        Test::HeldBack | Test::Other | Test::UnknownPattern => {
            other_share(statistics, &predicate.text)
        }
    }
}

/// The share of a table's rows that an index's condition keeps.
pub(crate) fn condition_share(table: &Table, condition: &str, predicates: &[Predicate]) -> f64 {
    let same = predicates
        .iter()
        .find(|predicate| predicate.text == condition);
    same.map_or(0.5, |predicate| predicate_share(table, predicate))
}

fn value_share(statistics: &Statistics, value: &str) -> f64 {
    let same =
        |common: &str| common == value || matches!((common, value), ("t", "true") | ("f", "false"));
    let listed = statistics.common.iter().find(|(common, _)| same(common));
    if let Some((_, share)) = listed {
        return *share;
    }
    let common: f64 = statistics.common.iter().map(|(_, share)| share).sum();
    let rest = (1.0 - statistics.null_fraction - common).max(0.0);
    #[allow(clippy::cast_precision_loss, reason = "few values are listed")]
    let others = (statistics.distinct - statistics.common.len() as f64).max(1.0);
    (rest / others).max(1e-9)
}

fn other_share(statistics: Option<&Statistics>, text: &str) -> f64 {
    match statistics {
        Some(statistics) if text.ends_with(" IS NOT NULL") => 1.0 - statistics.null_fraction,
        _ if text.contains(" <= ") || text.contains(" >= ") => OPEN_RANGE,
        _ => 0.9,
    }
}
