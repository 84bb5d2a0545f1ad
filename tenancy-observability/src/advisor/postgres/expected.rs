//! Statistics of tables whose own are hidden: row-level security hides them from those it binds.
//!
//! The planner knows them all the same, and tells how many rows it expects. No row is read.

use std::collections::BTreeSet;

use super::explain::Explainer;
use crate::advisor::catalog::{Catalog, Statistics, Table, quoted};
use crate::advisor::choice::Read;
use crate::advisor::design::Term;

/// Fills in what the planner expects of the columns that the statements ask for.
pub(super) async fn fill(
    catalog: &mut Catalog,
    reads: &[Read<'_>],
    explainer: &mut Explainer<'_>,
    tenant_column: &str,
) -> Result<(), sqlx::Error> {
    for (place, table) in catalog.tables.iter_mut().enumerate() {
        if table.is_analyzed || !table.is_secured || table.rows < 1.0 {
            continue;
        }
        let columns = asked(reads, place);
        if columns.is_empty() {
            continue;
        }
        let path = table.path();
        let Some((all, _)) = try_rows(explainer, &format!("SELECT 1 FROM {path}")).await? else {
            continue;
        };
        for name in columns {
            let values = values(reads, place, name);
            let found = statistics(explainer, table, name, all, &values).await?;
            let is_tenant = name == tenant_column;
            if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
                column.statistics = found;
                if let (true, Some(statistics)) = (is_tenant, &mut column.statistics) {
                    // Of one tenant's rows all are its own; the table has those of the others as well.
                    statistics.distinct = (table.rows / all.max(1.0)).max(1.0);
                }
            }
        }
    }
    Ok(())
}

async fn statistics(
    explainer: &mut Explainer<'_>,
    table: &Table,
    name: &str,
    all: f64,
    values: &BTreeSet<&str>,
) -> Result<Option<Statistics>, sqlx::Error> {
    let (path, column) = (table.path(), quoted(name));
    let equal = format!("SELECT {column} FROM {path} WHERE {column} = $1");
    let Some((equal, width_bytes)) = try_rows(explainer, &equal).await? else {
        return Ok(None);
    };
    let empty = format!("SELECT 1 FROM {path} WHERE {column} IS NULL");
    let empty = try_rows(explainer, &empty)
        .await?
        .map_or(0.0, |(rows, _)| rows);
    // The planner never expects less than one row.
    let null_fraction = if empty > 1.0 {
        (empty / all).min(1.0)
    } else {
        0.0
    };
    let share = (equal / all.max(1.0)).max(1e-9);
    let mut common = Vec::new();
    for value in values {
        let literal = value.replace('\'', "''");
        let one = format!("SELECT 1 FROM {path} WHERE {column} = '{literal}'");
        if let Some((rows, _)) = try_rows(explainer, &one).await? {
            common.push(((*value).to_owned(), (rows / all.max(1.0)).min(1.0)));
        }
    }
    Ok(Some(Statistics {
        null_fraction,
        distinct: ((1.0 - null_fraction) / share).max(1.0),
        width_bytes,
        common,
    }))
}

/// `None` where the planner refuses, as of types that know no equality.
async fn try_rows(
    explainer: &mut Explainer<'_>,
    sql: &str,
) -> Result<Option<(f64, f64)>, sqlx::Error> {
    match explainer.rows(sql).await {
        Ok(rows) => Ok(Some(rows)),
        Err(sqlx::Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The columns of a table that statements look at.
fn asked<'a>(reads: &'a [Read<'_>], table: usize) -> BTreeSet<&'a str> {
    let accesses = reads.iter().flat_map(|read| &read.accesses);
    let mut columns = BTreeSet::new();
    for access in accesses.filter(|access| access.table == table) {
        columns.extend(access.columns.iter().flatten().map(String::as_str));
        let arms = access.alternatives.iter().flatten().flatten();
        let terms = access
            .predicates
            .iter()
            .chain(arms)
            .map(|predicate| &predicate.term);
        columns.extend(terms.filter_map(Term::column));
        columns.extend(access.order.iter().filter_map(|item| item.term.column()));
    }
    columns
}

/// Values that statements compare a column with.
fn values<'a>(reads: &'a [Read<'_>], table: usize, column: &str) -> BTreeSet<&'a str> {
    let accesses = reads.iter().flat_map(|read| &read.accesses);
    accesses
        .filter(|access| access.table == table)
        .flat_map(|access| &access.predicates)
        .filter(|predicate| predicate.term.column() == Some(column))
        .filter_map(|predicate| predicate.value.as_deref())
        .collect()
}
