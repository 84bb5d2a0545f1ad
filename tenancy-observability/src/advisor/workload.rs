use std::time::Duration;

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

    /// Adds a statement in its place.
    pub fn push(&mut self, statement: Statement) {
        let place = self
            .statements
            .partition_point(|other| other.total_time >= statement.total_time);
        self.statements.insert(place, statement);
    }
}

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
