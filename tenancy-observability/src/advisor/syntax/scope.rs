use std::collections::HashMap;

use crate::advisor::catalog::{Catalog, Column};
use crate::advisor::syntax::Access;

/// What the names of one `SELECT` mean; the last of several scopes is the innermost.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// The first of its mentions of tables.
    pub(super) first: usize,
    /// Whether only the first rows are wanted, so that it runs anew for each row around it.
    pub(super) is_limited: bool,
}

#[derive(Debug)]
pub(super) struct Relation {
    pub(super) alias: String,
    pub(super) source: Source,
}

#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A mention of a table, by its place.
    Access(usize),
    /// A query's columns by name, as far as they are columns of a table's mention.
    Derived(Outputs),
}

/// The columns of a query that come as they are from a table's mention.
pub(super) type Outputs = HashMap<String, Place>;

/// A column of a mention of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) access: usize,
    pub(super) column: String,
}

impl Scope {
    /// Where a column is from: `None` where this scope has none of that name.
    pub(super) fn resolve(
        &self,
        catalog: &Catalog,
        accesses: &[Access],
        qualifier: Option<&str>,
        name: &str,
    ) -> Option<Place> {
        self.relations
            .iter()
            .filter(|relation| qualifier.is_none_or(|wanted| relation.alias == wanted))
            .find_map(|relation| relation.column(catalog, accesses, name))
    }
}

impl Relation {
    pub(super) fn column(
        &self,
        catalog: &Catalog,
        accesses: &[Access],
        name: &str,
    ) -> Option<Place> {
        match &self.source {
            Source::Access(access) => {
                let table = &catalog.tables[accesses[*access].table];
                let is_named = |column: &&Column| {
                    column.name == name || column.name.eq_ignore_ascii_case(name)
                };
                let column = table.columns.iter().find(is_named);
                let column = column.map(|column| column.name.as_str());
                let column = column.or_else(|| {
                    let is_alias = ["_rowid_", "oid", "rowid"]
                        .iter()
                        .any(|alias| name.eq_ignore_ascii_case(alias));
                    table.row_number().filter(|_| is_alias)
                })?;
                Some(Place {
                    access: *access,
                    column: column.to_owned(),
                })
            }
            Source::Derived(outputs) => outputs.get(name).cloned(),
        }
    }
}
