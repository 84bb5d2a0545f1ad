use super::removal;
use crate::advisor::catalog::{Engine, Table};
use crate::advisor::report::{Advice, Rule, Severity};

/// Indexes that `CREATE INDEX CONCURRENTLY` gave up: written to, and never read.
pub(super) fn check(table: &Table) -> Vec<Advice> {
    let invalid = table.indexes.iter().filter(|index| !index.is_valid);
    invalid
        .map(|index| {
            let message = format!(
                "{} is not valid: its making failed, every write still pays for it, and no statement \
                 uses it; drop it, and make it again if it is wanted",
                index.name
            );
            let mut advice =
                Advice::new(Rule::InvalidIndex, Severity::Medium, table.path(), message)
                    .index(&index.name)
                    .evidence("pg_index.indisvalid is false");
            let (drop, create) = removal(Engine::Postgres, table, index);
            advice.size_bytes = Some(index.size_bytes);
            advice.apply.push(drop);
            advice.undo.push(create);
            advice
        })
        .collect()
}
