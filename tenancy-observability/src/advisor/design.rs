//! What an index is made of, there already or not.

use std::fmt::Write as _;

use super::catalog::{Engine, Table, quoted};

/// The parts of an index that decide which statements it serves.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Design {
    /// `btree`, or another of PostgreSQL's methods.
    pub(crate) method: String,
    pub(crate) keys: Vec<Key>,
    /// Columns that are only carried along.
    pub(crate) include: Vec<String>,
    /// Conditions that all rows in it meet; none where it holds the whole table.
    pub(crate) predicate: Vec<String>,
}

/// One key of an index.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Key {
    pub(crate) term: Term,
    pub(crate) descending: bool,
    /// Whether rows without a value come first, where that is not what the direction implies.
    pub(crate) nulls_first: Option<bool>,
    /// Another collation than the column's.
    pub(crate) collation: Option<String>,
    /// Another operator class than the type's own.
    pub(crate) opclass: Option<String>,
}

/// What a key holds or a condition is about.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Term {
    Column(String),
    /// In the words of [`canonical`](super::syntax::canonical).
    Expression(String),
}

impl Term {
    pub(crate) fn column(&self) -> Option<&str> {
        match self {
            Self::Column(name) => Some(name),
            Self::Expression(_) => None,
        }
    }

    fn sql(&self) -> String {
        match self {
            Self::Column(name) => quoted(name),
            // A call needs no parentheses, and has them in neither database's own listing.
            Self::Expression(text) if text.ends_with(')') && !text.starts_with('(') => text.clone(),
            Self::Expression(text) => format!("({text})"),
        }
    }
}

impl Key {
    pub(crate) fn ascending(term: Term) -> Self {
        Self {
            term,
            descending: false,
            nulls_first: None,
            collation: None,
            opclass: None,
        }
    }

    pub(crate) fn sql(&self) -> String {
        let mut text = self.term.sql();
        if let Some(collation) = &self.collation {
            let _ = write!(text, " COLLATE {}", quoted_collation(collation));
        }
        if let Some(opclass) = &self.opclass {
            let _ = write!(text, " {opclass}");
        }
        if self.descending {
            text += " DESC";
        }
        match self.nulls_first {
            Some(true) => text += " NULLS FIRST",
            Some(false) => text += " NULLS LAST",
            None => {}
        }
        text
    }
}

/// SQLite writes its collations without quotes, PostgreSQL's are names like any other.
fn quoted_collation(name: &str) -> String {
    if name.bytes().all(|byte| byte.is_ascii_uppercase()) && name.len() > 1 {
        return name.to_owned();
    }
    format!("\"{name}\"")
}

impl Design {
    pub(crate) fn btree(keys: Vec<Key>) -> Self {
        Self {
            method: "btree".to_owned(),
            keys,
            include: Vec::new(),
            predicate: Vec::new(),
        }
    }

    /// The columns of its leading keys, as far as they are columns.
    pub(crate) fn leading_columns(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map_while(|key| key.term.column())
    }

    pub(crate) fn is_btree(&self) -> bool {
        self.method == "btree"
    }

    /// What stands after `ON` in `CREATE INDEX`, without the table: the short way to say it.
    pub(crate) fn shape(&self) -> String {
        let keys: Vec<_> = self.keys.iter().map(Key::sql).collect();
        let mut text = String::new();
        if !self.is_btree() {
            let _ = write!(text, "USING {} ", self.method);
        }
        let _ = write!(text, "({})", keys.join(", "));
        if !self.include.is_empty() {
            let include: Vec<_> = self.include.iter().map(|name| quoted(name)).collect();
            let _ = write!(text, " INCLUDE ({})", include.join(", "));
        }
        if !self.predicate.is_empty() {
            let _ = write!(text, " WHERE {}", self.predicate.join(" AND "));
        }
        text
    }

    /// A name that tells what it is, and is never too long for PostgreSQL.
    pub(crate) fn name(&self, table: &Table) -> String {
        let mut name = table.name.clone();
        for key in &self.keys {
            let words = match &key.term {
                Term::Column(column) => column.clone(),
                Term::Expression(text) => text
                    .split(|character: char| !character.is_alphanumeric() && character != '_')
                    .filter(|word| !word.is_empty())
                    .collect::<Vec<_>>()
                    .join("_"),
            };
            let _ = write!(name, "_{words}");
        }
        if !self.predicate.is_empty() {
            name += "_partial";
        }
        let kept: String = name.chars().take(48).collect();
        format!(
            "{}_{}",
            kept.trim_end_matches('_'),
            &digest(&self.shape())[..6]
        )
    }

    /// The statement that makes it.
    pub(crate) fn create(&self, engine: Engine, table: &Table, concurrently: bool) -> String {
        let name = quoted(&self.name(table));
        let shape = self.shape();
        match engine {
            Engine::Postgres if concurrently => {
                format!(
                    "CREATE INDEX CONCURRENTLY {name} ON {} {shape}",
                    table.path()
                )
            }
            Engine::Postgres | Engine::Sqlite => {
                format!("CREATE INDEX {name} ON {} {shape}", table.path())
            }
        }
    }
}

/// A text in few letters, the same ones always.
pub(crate) fn digest(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref()[..6]
        .iter()
        .fold(String::new(), |mut letters, byte| {
            let _ = write!(letters, "{byte:02x}");
            letters
        })
}

/// The index's name with its table's schema, as `DROP INDEX` takes it.
pub(crate) fn quoted_name(table: &Table, design: &Design) -> String {
    let name = quoted(&design.name(table));
    if table.schema.is_empty() || table.schema == "public" {
        return name;
    }
    format!("{}.{name}", quoted(&table.schema))
}
