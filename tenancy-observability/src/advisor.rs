//! Which indexes a database lacks, which it could do without, and which policies defeat them.
//!
//! An [`Advisor`] reads the catalogue and a [`Workload`], works out which index each statement would
//! gain by, weighs the gain of all statements against what writes pay, and has the database's own
//! planner confirm it where that is possible without touching anything:
//!
//! - On PostgreSQL by hypothetical indexes, where the extension `hypopg` is installed, or on a
//!   [copy](Advisor::postgres_with_copy) of some rows on a server that the caller names. Without either
//!   the advice says that it is [`Estimated`](Confidence::Estimated). Statements are planned for any
//!   values, as the role that is logged in and with the tenant set, so advise with the login that
//!   serves. The primary is never locked, and nothing stays behind in the session.
//! - On SQLite by its schema and statistics in memory. The file is opened for reading only.
//!
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! # use sqlx::Connection;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("shop.db");
//! # let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
//! # let mut shop = sqlx::SqliteConnection::connect_with(&options).await?;
//! # sqlx::raw_sql(
//! #     "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, total INTEGER);
//! #      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
//! #      INSERT INTO orders SELECT i, i % 500, i FROM n",
//! # )
//! # .execute(&mut shop)
//! # .await?;
//! use tenancy_observability::advisor::{Advisor, Rule, Statement, Workload};
//!
//! let slow = Statement::new("SELECT * FROM orders WHERE customer = $1").calls(1_000);
//! let report = Advisor::new().sqlite(&file, &Workload::from_iter([slow])).await?;
//! let advice = &report.advice[0];
//! assert_eq!(advice.rule, Rule::MissingIndex);
//! assert_eq!(advice.index.as_deref(), Some("(customer)"));
//! # Ok(())
//! # }
//! ```
//!
//! **It does not** see values that a statement's parameters carry, so an index for some rows only is
//! found where their value stands in the statement.

#[cfg(feature = "postgres")]
mod across;
mod apply;
mod candidates;
mod catalog;
mod choice;
mod cost;
mod design;
mod error;
mod leakproof;
mod lint;
mod missing;
#[cfg(feature = "postgres")]
mod postgres;
mod report;
mod settle;
mod size;
#[cfg(feature = "sqlite")]
mod sqlite;
mod syntax;
mod workload;

#[cfg(feature = "sqlite")]
use std::path::Path;

#[cfg(feature = "postgres")]
use sqlx::PgConnection;

pub use self::apply::Applied;
pub use self::error::{Error, ErrorKind};
pub use self::report::{Advice, Confidence, Plan, Reason, Refusal, Report, Rule, Severity, Unread};
pub use self::workload::{InvalidScript, Statement, Workload};

/// Finds what a database's indexes lack.
///
/// See the [module docs](self) for an example.
#[derive(Clone, Debug)]
#[must_use]
pub struct Advisor {
    rows_min: u64,
    statements_max: u32,
    tenant_column: String,
    tenant: Option<Setting>,
    counted_days_min: f64,
}

/// A parameter of the session that has to be set for rows to be seen: the tenant.
#[derive(Clone, Debug)]
struct Setting {
    name: String,
    value: String,
}

impl Advisor {
    /// An advisor for tables whose rows name their tenant in the column `tenant_id`.
    pub fn new() -> Self {
        Self {
            rows_min: 500,
            statements_max: 500,
            tenant_column: "tenant_id".to_owned(),
            tenant: None,
            counted_days_min: 14.0,
        }
    }

    /// Sets how many rows a table has before an index of it is advised. Default: 500.
    pub fn rows_min(mut self, rows_min: u64) -> Self {
        self.rows_min = rows_min;
        self
    }

    /// Sets how many of the server's own statements are considered, those that took longest first.
    /// Default: 500.
    pub fn statements_max(mut self, statements_max: u32) -> Self {
        self.statements_max = statements_max;
        self
    }

    /// Sets the column that names a row's tenant. Default: `tenant_id`.
    pub fn tenant_column(mut self, column: impl Into<String>) -> Self {
        self.tenant_column = column.into();
        self
    }

    /// Sets for how many days uses have been counted before an index is called unused. Default: 14.
    pub fn counted_for_days(mut self, days: u32) -> Self {
        self.counted_days_min = days.into();
        self
    }

    /// Sets the parameter that policies compare with, and a tenant to plan for; on PostgreSQL only.
    pub fn tenant(mut self, setting: impl Into<String>, value: impl Into<String>) -> Self {
        self.tenant = Some(Setting {
            name: setting.into(),
            value: value.into(),
        });
        self
    }

    /// Advises on a PostgreSQL database, with the login that serves.
    ///
    /// Statements of `pg_stat_statements` join the workload where the extension is there. The connection
    /// is used outside of a transaction; one that is open is rolled back.
    #[cfg(feature = "postgres")]
    pub async fn postgres(
        &self,
        connection: &mut PgConnection,
        workload: &Workload,
    ) -> Result<Report, Error> {
        postgres::advise(self, connection, None, workload).await
    }

    /// The same, with proof on copies of some rows in a transaction of `scratch` that is rolled back.
    ///
    /// `scratch` is an empty database, on another server than one that serves; the rows that are
    /// copied there are those that `connection` sees.
    #[cfg(feature = "postgres")]
    pub async fn postgres_with_copy(
        &self,
        connection: &mut PgConnection,
        scratch: &mut PgConnection,
        workload: &Workload,
    ) -> Result<Report, Error> {
        postgres::advise(self, connection, Some(scratch), workload).await
    }

    /// Advises on a SQLite file, which may be in use.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(&self, file: &Path, workload: &Workload) -> Result<Report, Error> {
        sqlite::advise(self, file, workload).await
    }

    fn limits(&self) -> choice::Limits<'_> {
        #[allow(clippy::cast_precision_loss, reason = "nobody asks for 2^52 rows")]
        let rows_min = self.rows_min as f64;
        choice::Limits {
            rows_min,
            tenant_column: &self.tenant_column,
        }
    }
}

impl Default for Advisor {
    fn default() -> Self {
        Self::new()
    }
}
