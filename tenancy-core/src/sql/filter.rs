//! Lists with optional filters, put together from constant fragments.
//!
//! A statement with `$1 IS NULL OR …` gets one plan for all cases, which is the slowest of them.
//! A [`Query`] instead appends a fragment and its bind for each filter that is set, so that every
//! combination is a statement of its own with a plan of its own. Fragments are `&'static str`;
//! what a client sends is only ever bound.

use std::fmt::Write as _;

#[cfg(feature = "postgres")]
use sqlx::postgres::PgArguments;
use sqlx::query::{self, QueryAs};
#[cfg(feature = "sqlite")]
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Database, FromRow, IntoArguments, SqlSafeStr, SqlStr};
use uuid::Uuid;

/// One bound value of a [`Query`], or NULL.
#[derive(Clone, Debug, PartialEq)]
pub enum Bind {
    /// A `BIGINT`.
    Integer(Option<i64>),
    /// A `TEXT`.
    Text(Option<String>),
    /// A `UUID`, sixteen bytes on SQLite.
    Uuid(Option<Uuid>),
}

impl From<i64> for Bind {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Bind {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<String> for Bind {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<&str> for Bind {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Option<&str>> for Bind {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<Uuid> for Bind {
    fn from(value: Uuid) -> Self {
        Self::Uuid(Some(value))
    }
}

/// A statement growing from constant fragments.
///
/// In a fragment `?` stands for the next bound value, in order; there is no other use of `?`.
///
/// ```
/// use tenancy_core::sql::filter::Query;
///
/// let (status, wanted) = (Some("published"), 20_i64);
/// let mut query = Query::new("SELECT id FROM products WHERE kind = ?", ["shirt".into()]);
/// if let Some(status) = status {
///     query.push(" AND status = ?", [status.into()]);
/// }
/// query.push(" ORDER BY id LIMIT ?", [wanted.into()]);
/// assert_eq!(
///     query.text(),
///     "SELECT id FROM products WHERE kind = $1 AND status = $2 ORDER BY id LIMIT $3"
/// );
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Query {
    text: String,
    binds: Vec<Bind>,
}

impl Query {
    /// A statement that begins with this fragment.
    ///
    /// # Panics
    /// When the number of `?` differs from the number of values, here and in
    /// [`push`](Self::push): both are constants of the program.
    pub fn new<const N: usize>(fragment: &'static str, binds: [Bind; N]) -> Self {
        let mut query = Self {
            text: String::new(),
            binds: Vec::new(),
        };
        query.push(fragment, binds);
        query
    }

    /// Appends a fragment.
    pub fn push<const N: usize>(&mut self, fragment: &'static str, binds: [Bind; N]) {
        let mut pieces = fragment.split('?');
        self.text.push_str(pieces.next().unwrap_or_default());
        let mut binds = binds.into_iter();
        for piece in pieces {
            let bind = binds.next().expect("a value for every `?`");
            self.binds.push(bind);
            write!(self.text, "${}", self.binds.len()).expect("a String takes every write");
            self.text.push_str(piece);
        }
        assert!(binds.next().is_none(), "a `?` for every value");
    }

    /// The statement so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The statement, for sqlx. It is safe: it holds constant fragments and numbers only.
    pub fn sql(&self) -> SqlStr {
        AssertSqlSafe(self.text.clone()).into_sql_str()
    }

    /// The statement with its values, for rows read as `O`.
    ///
    /// # Errors
    /// sqlx's, when a value cannot be encoded.
    pub fn query_as<DB, O>(&self) -> Result<QueryAs<'static, DB, O, DB::Arguments>, sqlx::Error>
    where
        DB: Database,
        DB::Arguments: FilterArguments + IntoArguments<DB>,
        O: for<'r> FromRow<'r, DB::Row>,
    {
        Ok(sqlx::query_as_with(self.sql(), self.arguments()?))
    }

    /// The statement with its values, for what answers no rows.
    ///
    /// # Errors
    /// sqlx's, when a value cannot be encoded.
    pub fn query<DB>(&self) -> Result<query::Query<'static, DB, DB::Arguments>, sqlx::Error>
    where
        DB: Database,
        DB::Arguments: FilterArguments + IntoArguments<DB>,
    {
        Ok(sqlx::query_with(self.sql(), self.arguments()?))
    }

    fn arguments<A: FilterArguments>(&self) -> Result<A, sqlx::Error> {
        let mut arguments = A::default();
        for bind in &self.binds {
            arguments.add_bind(bind).map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}

/// The argument lists of both drivers.
pub trait FilterArguments: Default {
    /// Adds one value.
    ///
    /// # Errors
    /// The driver's, when the value cannot be encoded.
    fn add_bind(&mut self, bind: &Bind) -> Result<(), sqlx::error::BoxDynError>;
}

#[cfg(feature = "postgres")]
impl FilterArguments for PgArguments {
    fn add_bind(&mut self, bind: &Bind) -> Result<(), sqlx::error::BoxDynError> {
        match bind {
            Bind::Integer(value) => self.add(value),
            Bind::Text(value) => self.add(value),
            Bind::Uuid(value) => self.add(value),
        }
    }
}

#[cfg(feature = "sqlite")]
impl FilterArguments for SqliteArguments {
    fn add_bind(&mut self, bind: &Bind) -> Result<(), sqlx::error::BoxDynError> {
        match bind {
            Bind::Integer(value) => self.add(value),
            Bind::Text(value) => self.add(value.clone()),
            Bind::Uuid(value) => self.add(value),
        }
    }
}
