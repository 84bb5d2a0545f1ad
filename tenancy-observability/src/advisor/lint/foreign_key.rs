use std::collections::BTreeSet;

use crate::advisor::catalog::{Catalog, Engine, ForeignKey, Index, Table, TableKind};
use crate::advisor::design::{Design, Key, Term, quoted_name};
use crate::advisor::report::{Advice, Rule, Severity};

/// Keys whose parent's rows cannot be deleted without reading the whole table.
///
/// No plan shows it: the server looks for the children in a trigger.
pub(super) fn check(catalog: &Catalog, table: &Table) -> Vec<Advice> {
    let mut advised: Vec<BTreeSet<&str>> = Vec::new();
    let mut advice = Vec::new();
    for key in &table.foreign_keys {
        let columns: BTreeSet<&str> = key.columns.iter().map(String::as_str).collect();
        if table.usable_indexes().any(|index| serves(index, &columns)) || advised.contains(&columns)
        {
            continue;
        }
        advice.push(advice_for(catalog, table, key));
        advised.push(columns);
    }
    advice
}

/// Whether an index finds the rows that name a parent: its leading keys are the columns, in whatever
/// order, or some of them that no two rows share; and it holds every row.
pub(super) fn serves(index: &Index, columns: &BTreeSet<&str>) -> bool {
    let leading: BTreeSet<&str> = index.design.leading_columns().take(columns.len()).collect();
    let holds_named_rows = index.design.predicate.iter().all(|condition| {
        condition
            .strip_suffix(" IS NOT NULL")
            .is_some_and(|column| columns.contains(column))
    });
    let finds_one = index.is_unique
        && index.design.leading_columns().count() == index.design.keys.len()
        && index
            .design
            .leading_columns()
            .all(|column| columns.contains(column));
    index.is_valid
        && index.design.is_btree()
        && holds_named_rows
        && (leading == *columns || finds_one)
}

fn advice_for(catalog: &Catalog, table: &Table, key: &ForeignKey) -> Advice {
    let terms = key.columns.iter().cloned().map(Term::Column);
    let design = Design::btree(terms.map(Key::ascending).collect());
    let severity = match table.rows {
        rows if rows >= 100_000.0 => Severity::High,
        rows if rows >= 500.0 => Severity::Medium,
        _ => Severity::Info,
    };
    let message = format!(
        "no index serves the foreign key {0} to {1}: each row deleted from {1}, or whose key changes there, \
         reads all of {2}",
        key.name,
        key.parent,
        table.path()
    );
    let mut advice = Advice::new(Rule::UnindexedForeignKey, severity, table.path(), message)
        .index(design.shape())
        .evidence(format!("{} has about {:.0} rows", table.path(), table.rows));
    let concurrently = table.kind == TableKind::Plain;
    advice
        .apply
        .push(design.create(catalog.engine, table, concurrently));
    let name = quoted_name(table, &design);
    advice.makes.push(name.clone());
    advice.undo.push(match catalog.engine {
        Engine::Postgres if concurrently => format!("DROP INDEX CONCURRENTLY {name}"),
        Engine::Postgres | Engine::Sqlite => format!("DROP INDEX {name}"),
    });
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size is no more than 2^63"
    )]
    let bytes = crate::advisor::size::bytes(table, &design) as u64;
    advice.size_bytes = Some(bytes);
    advice
}
