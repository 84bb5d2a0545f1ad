//! What a database holds, in a form in which PostgreSQL and SQLite can be compared.

mod postgres;
mod sqlite;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The tables of a database, each as a set of sentences about it.
///
/// A sentence tells one thing in the words of neither database: a column with its kind of type, a
/// key, a check, an index. Two schemas are alike when their sentences are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Schema {
    tables: BTreeMap<String, BTreeSet<String>>,
}

impl Schema {
    /// The tables in the schema that this login works in.
    ///
    /// # Panics
    /// When the database cannot be read.
    pub async fn of_postgres(url: &str) -> Self {
        postgres::read(url)
            .await
            .unwrap_or_else(|error| panic!("cannot read the schema of {url}: {error}"))
    }

    /// The tables in a SQLite file.
    ///
    /// # Panics
    /// When the file cannot be read.
    pub async fn of_sqlite(file: &Path) -> Self {
        sqlite::read(file)
            .await
            .unwrap_or_else(|error| panic!("cannot read the schema of {file:?}: {error}"))
    }

    /// The names of the tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Takes a table away, and says whether it was there.
    pub fn remove(&mut self, table: &str) -> bool {
        self.tables.remove(table).is_some()
    }

    /// The tables of both.
    ///
    /// # Panics
    /// When both have a table of the same name.
    pub fn and(mut self, other: Self) -> Self {
        for (name, sentences) in other.tables {
            let twice = self.tables.insert(name.clone(), sentences);
            assert!(twice.is_none(), "{name} is there twice");
        }
        self
    }

    /// What only one of them has: `+` before what is only here, `-` before what is only there.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let names: BTreeSet<_> = self.tables.keys().chain(other.tables.keys()).collect();
        for name in names {
            match (self.tables.get(name), other.tables.get(name)) {
                (Some(here), Some(there)) => {
                    let only_here = here.difference(there).map(|line| format!("+ {line}"));
                    let only_there = there.difference(here).map(|line| format!("- {line}"));
                    found.extend(only_here.chain(only_there));
                }
                (Some(_), None) => found.push(format!("+ table {name}")),
                (None, _) => found.push(format!("- table {name}")),
            }
        }
        found
    }

    fn say(&mut self, table: &str, sentence: &str) {
        let sentences = self.tables.entry(table.to_owned()).or_default();
        sentences.insert(format!("{table} {sentence}"));
    }

    fn say_column(&mut self, table: &str, column: &Column) {
        let Column {
            name,
            kind,
            required,
            default,
        } = column;
        let required = if *required { "required" } else { "optional" };
        let default = match default {
            Some(value) => format!(", by default {}", bare(value)),
            None => String::new(),
        };
        self.say(
            table,
            &format!("column {name}: {kind}, {required}{default}"),
        );
    }

    fn say_reference(&mut self, table: &str, reference: &Reference) {
        let Reference {
            columns,
            target,
            target_columns,
            on_delete,
            on_update,
        } = reference;
        let (columns, target_columns) = (columns.join(", "), target_columns.join(", "));
        self.say(
            table,
            &format!(
                "references {target} ({target_columns}) by ({columns}), \
                 on delete {on_delete}, on update {on_update}"
            ),
        );
    }

    fn say_index(&mut self, table: &str, index: &Index) {
        let Index {
            name,
            unique,
            columns,
            condition,
        } = index;
        let kind = if *unique { "unique index" } else { "index" };
        let columns = columns.join(", ");
        let condition = match condition {
            Some(condition) => format!(" where {}", bare(condition)),
            None => String::new(),
        };
        self.say(table, &format!("{kind} {name} ({columns}){condition}"));
    }
}

struct Column {
    name: String,
    kind: String,
    required: bool,
    default: Option<String>,
}

struct Reference {
    columns: Vec<String>,
    target: String,
    target_columns: Vec<String>,
    on_delete: String,
    on_update: String,
}

struct Index {
    name: String,
    unique: bool,
    columns: Vec<String>,
    condition: Option<String>,
}

/// An expression without what PostgreSQL adds when it prints one: casts, parentheses, its own form
/// of `IN`.
fn bare(expression: &str) -> String {
    let mut text = expression.replace("= ANY (ARRAY[", "IN (").replace(']', "");
    for cast in ["::text", "::bigint"] {
        text = text.replace(cast, "");
    }
    text.chars()
        .filter(|character| !character.is_whitespace() && !"()".contains(*character))
        .collect::<String>()
        .to_lowercase()
}
