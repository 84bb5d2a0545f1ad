use std::collections::BTreeSet;

use super::{foreign_key, removal};
use crate::advisor::catalog::{Catalog, Duty, Table};
use crate::advisor::report::{Advice, Rule, Severity};

/// What is smaller is not worth a thought.
const BYTES_MIN: u64 = 64 * 1024;

/// Indexes that no statement has used for as long as the server has counted.
pub(super) fn check(catalog: &Catalog, table: &Table, days_min: f64) -> Vec<Advice> {
    if catalog.counted_days.is_none_or(|days| days < days_min) {
        return Vec::new();
    }
    let mut advice = Vec::new();
    for index in table.usable_indexes() {
        let serves_key = table.foreign_keys.iter().any(|key| {
            let columns: BTreeSet<&str> = key.columns.iter().map(String::as_str).collect();
            foreign_key::serves(index, &columns)
        });
        // Uniqueness is checked without being counted as a use, and a key's parent may yet be deleted.
        let has_duty = index.is_unique || index.duty != Duty::Free || serves_key;
        if has_duty || index.scans != Some(0) || index.size_bytes < BYTES_MIN {
            continue;
        }
        let days = catalog.counted_days.unwrap_or_default();
        let (severity, what_to_do) = if catalog.is_replicated {
            // What the others use, this server does not know.
            let look = "look at pg_stat_user_indexes of every other server that has it, and drop it if none \
                        uses it";
            (Severity::Info, look)
        } else {
            (Severity::Low, "drop it, unless it is new")
        };
        let message = format!(
            "{} was not used once in {days:.0} days, and every write pays for it: {what_to_do}",
            index.name
        );
        let mut found = Advice::new(Rule::UnusedIndex, severity, table.path(), message)
            .index(&index.name)
            .evidence(format!("idx_scan is 0 since {days:.0} days"))
            .evidence(
                "how old an index is, the server does not tell: one made since was there for less",
            );
        found.size_bytes = Some(index.size_bytes);
        if !catalog.is_replicated {
            let (drop, create) = removal(catalog.engine, table, index);
            found.apply.push(drop);
            found.undo.push(create);
        }
        advice.push(found);
    }
    advice
}

/// Where counts are too young to call an index unused.
pub(super) fn young(catalog: &Catalog, days_min: f64) -> Option<Advice> {
    let days = catalog.counted_days.filter(|days| *days < days_min)?;
    let idle = catalog
        .tables
        .iter()
        .flat_map(Table::usable_indexes)
        .any(|index| {
            index.scans == Some(0)
                && !index.is_unique
                && index.duty == Duty::Free
                && index.size_bytes >= BYTES_MIN
        });
    let message = format!(
        "uses of indexes have been counted for {days:.1} days, which is too short to tell which are \
         not needed: look again after {days_min:.0} days"
    );
    idle.then(|| Advice::new(Rule::YoungCounts, Severity::Info, String::new(), message))
}
