//! What reading rows and pages costs.

use super::selectivity::predicate_share;
use super::{OPERATOR, ROW};
use crate::advisor::catalog::Table;
use crate::advisor::design::Design;
use crate::advisor::syntax::{Predicate, Test};

const RANDOM_PAGE: f64 = 4.0;
const INDEX_ROW: f64 = 0.005;
/// How many rows a page of an index holds, with short keys.
const INDEX_PAGE_ROWS: f64 = 300.0;

/// The cost of so many lookups, each of which visits so many rows.
pub(super) fn fetch(
    table: &Table,
    held: f64,
    visited: f64,
    lookups: f64,
    covers: bool,
    keeps_order: bool,
) -> f64 {
    let all = visited * lookups;
    let index_pages = (held / INDEX_PAGE_ROWS).max(1.0);
    let leaves =
        ((visited / INDEX_PAGE_ROWS).ceil() * lookups).min(index_pages.max(lookups.sqrt()));
    let descent = lookups * 0.4;
    let index = leaves * RANDOM_PAGE + descent + all * INDEX_ROW;
    if covers {
        return index;
    }
    let pages = table.pages.max(1.0);
    let touched = (2.0 * pages * all / (2.0 * pages + all)).min(pages);
    let page = if keeps_order {
        RANDOM_PAGE
    } else {
        // Many pages in their order are cheaper each than few here and there.
        RANDOM_PAGE - (RANDOM_PAGE - 1.0) * (touched / pages).sqrt()
    };
    index + touched * page + all * ROW
}

pub(super) fn sort(rows: f64) -> f64 {
    let rows = rows.max(2.0);
    2.0 * OPERATOR * rows * rows.log2()
}

/// A pattern found by its trigrams.
pub(super) fn trigrams(table: &Table, design: &Design, predicates: &[Predicate]) -> Option<f64> {
    let key = design.keys.first()?;
    let is_pattern = |predicate: &&Predicate| {
        key.term == predicate.term
            && matches!(predicate.test, Test::Contains | Test::Prefix)
            && key.opclass.as_deref() == Some("gin_trgm_ops")
    };
    let predicate = predicates.iter().find(is_pattern)?;
    let visited = table.rows * predicate_share(table, predicate).min(0.01);
    Some(20.0 + fetch(table, table.rows, visited.max(1.0), 1.0, false, false))
}
