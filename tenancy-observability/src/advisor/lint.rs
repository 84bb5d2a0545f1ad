//! Rules that follow from the catalogue alone.

mod duplicate;
mod foreign_key;
mod invalid;
mod login;
mod policy;
mod tenant;
mod unused;

use super::Advisor;
use super::catalog::{Catalog, Engine, Index, Table, quoted};
use super::report::Advice;

pub(super) use self::policy::add_policy_conditions;

pub(super) fn all(catalog: &Catalog, advisor: &Advisor) -> Vec<Advice> {
    let tenant_column = advisor.tenant_column.as_str();
    let mut advice = login::check(catalog);
    for table in &catalog.tables {
        advice.extend(policy::check(table, catalog, tenant_column));
        advice.extend(invalid::check(table));
        if table.kind == super::catalog::TableKind::Partition {
            continue;
        }
        advice.extend(foreign_key::check(catalog, table));
        advice.extend(duplicate::check(table, catalog.engine, tenant_column));
        advice.extend(tenant::check(table, tenant_column));
        advice.extend(unused::check(catalog, table, advisor.counted_days_min));
    }
    advice.extend(unused::young(catalog, advisor.counted_days_min));
    advice
}

/// The statement that removes an index, and the one that makes it again.
fn removal(engine: Engine, table: &Table, index: &Index) -> (String, String) {
    let name = if table.schema.is_empty() || table.schema == "public" {
        quoted(&index.name)
    } else {
        format!("{}.{}", quoted(&table.schema), quoted(&index.name))
    };
    match engine {
        Engine::Postgres => (
            format!("DROP INDEX CONCURRENTLY {name}"),
            index.definition.replacen("INDEX", "INDEX CONCURRENTLY", 1),
        ),
        Engine::Sqlite => (format!("DROP INDEX {name}"), index.definition.clone()),
    }
}
