//! What a database holds, as far as advice on indexes needs it: one model for both databases.

use std::borrow::Cow;

use sqlparser::ast::Expr;

use super::design::{Design, Key, Term};
use super::leakproof::Leakproof;
use super::syntax::expression;

/// Which database was read; a few rules differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) engine: Engine,
    pub(crate) tables: Vec<Table>,
    pub(crate) views: Vec<View>,
    pub(crate) login: Login,
    /// How long the server has counted uses of indexes; `None` where it does not tell.
    pub(crate) counted_days: Option<f64>,
    /// Whether other servers have the same tables, be it that they follow this one or that it follows them. Each
    /// counts uses for itself.
    pub(crate) is_replicated: bool,
    pub(crate) leakproof: Leakproof,
}

/// The role that is logged in.
#[derive(Debug, Default)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) is_superuser: bool,
    pub(crate) bypasses_row_security: bool,
}

#[derive(Debug)]
pub(crate) struct View {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) sql: String,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) rows: f64,
    pub(crate) pages: f64,
    pub(crate) columns: Vec<Column>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) policies: Vec<Policy>,
    /// Whether row-level security binds the role that is logged in.
    pub(crate) is_secured: bool,
    pub(crate) kind: TableKind,
    /// Whether the database has statistics of the table's columns.
    pub(crate) is_analyzed: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TableKind {
    /// A part of a partitioned table, which gets its indexes from there.
    Partition,
    Partitioned,
    Plain,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: String,
    /// The type whose operators compare its values, such as `text` for a `varchar(40)`.
    pub(crate) compared_as: String,
    /// Of SQLite: `BINARY` or another; of PostgreSQL: the collation's name.
    pub(crate) collation: Option<String>,
    pub(crate) statistics: Option<Statistics>,
}

#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    /// The share of rows without a value.
    pub(crate) null_fraction: f64,
    /// How many different values there are.
    pub(crate) distinct: f64,
    pub(crate) width_bytes: f64,
    /// Frequent values and their share of the rows.
    pub(crate) common: Vec<(String, f64)>,
}

#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) design: Design,
    pub(crate) is_unique: bool,
    pub(crate) is_valid: bool,
    pub(crate) duty: Duty,
    /// How often it was used since the server counts; `None` where it does not.
    pub(crate) scans: Option<u64>,
    pub(crate) size_bytes: u64,
    /// What makes it again.
    pub(crate) definition: String,
}

/// What an index does beside making statements faster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Duty {
    /// Its rows name the table's rows to a replica.
    Identity,
    /// A primary key, a unique or an exclusion constraint.
    Constraint,
    Free,
}

#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) parent: String,
}

#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) is_permissive: bool,
    /// What reads are held to, in SQL.
    pub(crate) using: String,
}

impl Policy {
    pub(crate) fn condition(&self) -> Option<Expr> {
        expression(Engine::Postgres, &self.using)
    }
}

/// What the way to a row by its own number is called, which SQLite has without an index.
pub(crate) const ROW_NUMBER: &str = "the row's number";

impl Catalog {
    /// The table that a statement names, with its schema or without.
    pub(crate) fn find(&self, schema: Option<&str>, name: &str) -> Option<usize> {
        let is_meant = |table: &Table| {
            table.name == name && schema.is_none_or(|schema| table.schema == schema)
        };
        let insensitive = |table: &Table| table.name.eq_ignore_ascii_case(name);
        let exact = self.tables.iter().position(is_meant);
        match self.engine {
            Engine::Postgres => exact,
            Engine::Sqlite => exact.or_else(|| self.tables.iter().position(insensitive)),
        }
    }

    pub(crate) fn view(&self, schema: Option<&str>, name: &str) -> Option<&View> {
        self.views
            .iter()
            .find(|view| view.name == name && schema.is_none_or(|schema| view.schema == schema))
    }
}

impl Table {
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that is the row's own number, which SQLite finds rows by without an index.
    pub(crate) fn row_number(&self) -> Option<&str> {
        let is_number = |index: &&Index| index.name == ROW_NUMBER && index.definition.is_empty();
        let index = self.indexes.iter().find(is_number)?;
        index.design.leading_columns().next()
    }

    /// The index with what all of SQLite's end with: the row's own number.
    pub(crate) fn with_row_number<'a>(&self, design: &'a Design) -> Cow<'a, Design> {
        match self.row_number() {
            Some(name) if !design.leading_columns().any(|column| column == name) => {
                let mut design = design.clone();
                let number = Key::ascending(Term::Column(name.to_owned()));
                design.keys.push(number);
                Cow::Owned(design)
            }
            _ => Cow::Borrowed(design),
        }
    }

    /// How a statement names it.
    pub(crate) fn path(&self) -> String {
        let name = quoted(&self.name);
        if self.schema.is_empty() || self.schema == "public" {
            return name;
        }
        format!("{}.{name}", quoted(&self.schema))
    }

    /// Indexes that statements can use.
    pub(crate) fn usable_indexes(&self) -> impl Iterator<Item = &Index> {
        self.indexes.iter().filter(|index| index.is_valid)
    }
}

/// An identifier as SQL text, in quotes where it needs them.
pub(crate) fn quoted(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| !byte.is_ascii_digit());
    if plain && begins && !RESERVED.contains(&name) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Words that both databases take for a column's or a table's name only in quotes.
const RESERVED: &[&str] = &[
    "all",
    "analyze",
    "and",
    "as",
    "asc",
    "case",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "index",
    "initially",
    "intersect",
    "into",
    "join",
    "key",
    "leading",
    "left",
    "limit",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "primary",
    "references",
    "right",
    "select",
    "set",
    "table",
    "then",
    "to",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];
