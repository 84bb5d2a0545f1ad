//! The SQL in a crate's source, read from its syntax, so that a test can prepare all of it.

mod reader;

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, SqlSafeStr,
};

/// The statements and fragments of one crate.
///
/// A constant text whose first word is in capitals is a statement; one with a `?` in it is a
/// fragment, as are the texts given to `Query::new`, to `push`, to `push_ids` and to `insert_rows`.
/// What stands under `#[cfg(feature = "postgres")]` or `#[cfg(feature = "sqlite")]` is for that
/// database only; what stands under `#[cfg(test)]` is left out.
#[derive(Debug, Default)]
pub struct Statements {
    /// Whole statements, in the order of the source.
    pub whole: Vec<Statement>,
    /// Parts of statements that are put together at run time.
    pub fragments: Vec<String>,
}

/// A constant statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// The file and the constant.
    pub place: String,
    /// The text.
    pub sql: String,
    /// Which databases it is for.
    pub databases: Databases,
}

/// Which databases a statement is for, by the features it is compiled with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Databases {
    Both,
    Postgres,
    Sqlite,
}

impl Statements {
    /// Reads a crate from its root file, and every module that it names.
    ///
    /// # Panics
    /// When a file cannot be read as Rust.
    pub fn of_crate(root: &Path) -> Self {
        reader::read(root)
    }

    /// Prepares each statement on the databases it is for, where every table has to be there; on
    /// SQLite in one of the files.
    ///
    /// # Panics
    /// When a statement cannot be prepared; all that cannot are told.
    pub async fn prepare(&self, postgres_url: &str, sqlite_files: &[&Path]) {
        let mut postgres = connected(PgConnection::connect(postgres_url).await);
        let mut sqlite = Vec::new();
        for file in sqlite_files {
            let options = SqliteConnectOptions::new().filename(file);
            sqlite.push(connected(options.create_if_missing(false).connect().await));
        }
        let mut refused = Vec::new();
        for Statement {
            place,
            sql,
            databases,
        } in &self.whole
        {
            let sql = || AssertSqlSafe(sql.as_str()).into_sql_str();
            if *databases != Databases::Sqlite
                && let Err(error) = (&mut postgres).prepare(sql()).await
            {
                refused.push(format!("{place}: {error}"));
            }
            if *databases == Databases::Postgres {
                continue;
            }
            let mut errors = Vec::new();
            for file in &mut sqlite {
                errors.extend(file.prepare(sql()).await.err());
            }
            if errors.len() == sqlite.len() {
                refused.push(format!("{place}: {errors:?}"));
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }

    /// The fragments that are part of no statement in PostgreSQL's log.
    pub fn missing_from(&self, log: &str) -> Vec<&str> {
        let log = with_question_marks(log);
        self.fragments
            .iter()
            .map(String::as_str)
            .filter(|fragment| !log.contains(fragment))
            .collect()
    }
}

fn connected<C>(outcome: Result<C, sqlx::Error>) -> C {
    outcome.unwrap_or_else(|error| panic!("cannot connect: {error}"))
}

/// The text with `?` for each `$` and its number.
fn with_question_marks(text: &str) -> String {
    let mut pieces = text.split('$');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|character: char| character.is_ascii_digit());
        plain.push(if rest.len() < piece.len() { '?' } else { '$' });
        plain.push_str(rest);
    }
    plain
}
