use std::time::Duration;

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

/// Statements, how often they ran and how long they took together.
///
/// PostgreSQL adds what its `pg_stat_statements` tells; SQLite keeps no such list, so there the
/// application hands in what it runs.
///
/// ```
/// use std::time::Duration;
/// use tenancy_observability::advisor::{Statement, Workload};
///
/// let slow = Statement::new("SELECT id FROM orders WHERE customer_id = $1")
///     .calls(1_200)
///     .total_time(Duration::from_secs(48));
/// let workload = Workload::from_iter([slow]);
/// assert_eq!(workload.statements().len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Workload {
    statements: Vec<Statement>,
}

/// A statement of a [`Workload`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Statement {
    pub(crate) sql: String,
    pub(crate) calls: f64,
    pub(crate) total_time: Option<Duration>,
}

impl Statement {
    /// A statement that ran once, in a time that is not known.
    ///
    /// Values may stand in it or be parameters (`$1`); an index for some rows only can be found
    /// where they stand in it.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            calls: 1.0,
            total_time: None,
        }
    }

    /// Sets how often it ran.
    #[allow(
        clippy::cast_precision_loss,
        reason = "counts need no more than 52 bits"
    )]
    pub fn calls(mut self, calls: u64) -> Self {
        self.calls = calls as f64;
        self
    }

    /// Sets how long all its runs took together.
    pub fn total_time(mut self, total_time: Duration) -> Self {
        self.total_time = Some(total_time);
        self
    }

    /// The statement's text.
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

impl Workload {
    /// The statements, those that took longest together first.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The statements of a script, which end with semicolons: those in texts, names in quotes, comments
    /// and `$$` end none.
    ///
    /// # Errors
    /// Where a text or a comment has no end.
    pub fn of_script(script: &str) -> Result<Self, InvalidScript> {
        let tokens = Tokenizer::new(&GenericDialect {}, script)
            .tokenize_with_location()
            .map_err(|error| InvalidScript(error.to_string()))?;
        let breaks = script.match_indices('\n').map(|(place, _)| place + 1);
        let lines: Vec<usize> = std::iter::once(0).chain(breaks).collect();
        let place = |at: Location| {
            // Both count from one, the latter characters.
            let (line, column) = (at.line as usize - 1, at.column as usize - 1);
            let mut places = script[lines[line]..].char_indices();
            let within = places.nth(column).map(|(place, _)| lines[line] + place);
            within.unwrap_or(script.len())
        };
        let mut workload = Self::default();
        let mut begun = None;
        for token in &tokens {
            match token.token {
                Token::Whitespace(_) => {}
                Token::SemiColon => {
                    let begun = begun.take().map(place);
                    let sql = begun.map(|begun| &script[begun..place(token.span.start)]);
                    workload.extend(sql.map(Statement::new));
                }
                _ => begun = begun.or(Some(token.span.start)),
            }
        }
        let rest = begun.map(|begun| script[place(begun)..].trim_end());
        workload.extend(rest.map(Statement::new));
        Ok(workload)
    }

    /// Adds a statement in its place.
    pub fn push(&mut self, statement: Statement) {
        let place = self
            .statements
            .partition_point(|other| other.total_time >= statement.total_time);
        self.statements.insert(place, statement);
    }
}

/// A script that is not SQL.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the script is not SQL: {0}")]
pub struct InvalidScript(String);

impl FromIterator<Statement> for Workload {
    fn from_iter<I: IntoIterator<Item = Statement>>(statements: I) -> Self {
        let mut workload = Self::default();
        workload.extend(statements);
        workload
    }
}

impl Extend<Statement> for Workload {
    fn extend<I: IntoIterator<Item = Statement>>(&mut self, statements: I) {
        for statement in statements {
            self.push(statement);
        }
    }
}

impl IntoIterator for Workload {
    type Item = Statement;
    type IntoIter = std::vec::IntoIter<Statement>;

    fn into_iter(self) -> Self::IntoIter {
        self.statements.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_ends_its_statements_with_semicolons_and_those_in_texts_end_none() {
        let statements = [
            "SELECT * FROM a WHERE note = 'x;y''z;'",
            "SELECT \"b;c\" FROM b -- and; so on\nWHERE c = $1",
            "SELECT $$;$$, E'\\';', 1.50",
            "SELECT 'ä;' /* ; */, 1",
        ];
        let script = format!("-- first;\n{};\n;  ;", statements.join(";\n"));
        let workload = Workload::of_script(&script).unwrap();
        let read: Vec<&str> = workload.statements().iter().map(Statement::sql).collect();
        assert_eq!(read, statements);
        let error = Workload::of_script("SELECT 'a").unwrap_err();
        assert!(error.to_string().contains("Line: 1, Column: 8"), "{error}");
        assert!(Workload::of_script("").unwrap().statements().is_empty());
    }
}
