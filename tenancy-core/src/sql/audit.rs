//! Does the database really keep tenants apart? The audit that runs before a server serves.
//!
//! PostgreSQL's row-level security has many ways round it: an owner's login, a view of the
//! superuser's, a key that other tenants' rows can be told by. [`IsolationAudit`] reads the
//! catalogs with the login that serves, which needs no further right, and names each such way with
//! the object it concerns and what to run. Where it finds none it proves the point: without a
//! tenant, and with one that does not exist, no row of a tenant's table is visible.
//!
//! ```no_run
//! # async fn run(storage: &tenancy_core::sql::SqlStorage) -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_core::sql::audit::IsolationAudit;
//! use tenancy_core::sql::migrate;
//! use tenancy_core::sql::policy::{KeyType, TenantTable};
//!
//! let audit = IsolationAudit::new(&[&migrate::CORE])
//!     .tenant_table(&TenantTable::new("orders".parse()?, KeyType::Bigint))
//!     .platform_table(&"currencies".parse()?);
//! audit.run(storage).await?.require_isolation()?;
//! # Ok(())
//! # }
//! ```
//!
//! SQLite keeps each tenant in a file of its own, so there is nothing to find.
//!
//! **It does not** see what a trigger or a job of the owner's copies elsewhere, nor rights that are
//! granted after it has run.

mod access;
mod declared;
mod finding;
mod functions;
mod keys;
mod login;
mod parts;
mod policies;
mod proof;
mod report;
mod survey;
mod table;
mod undeclared;
mod views;

use sqlx::{PgConnection, PgPool};

use self::declared::Declared;
pub use self::finding::{Defect, Finding};
pub use self::report::{NotIsolated, Report};
use self::survey::Survey;
use super::connection::{CloseOnDrop, Mode, OwnedConnection, TxConnection};
use super::error::sql_error;
use super::migrate::MigrationSet;
use super::policy::{Identifier, TenantTable};
use super::storage::{SqlPool, SqlStorage};
use crate::error::{Error, ErrorKind};

/// What is to be kept apart, and the audit of it.
///
/// See the [module docs](self) for an example.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct IsolationAudit {
    declared: Declared,
    accepted: Vec<(Defect, Box<str>)>,
}

impl IsolationAudit {
    /// An audit of the tables of these migration sets.
    pub fn new(sets: &[&MigrationSet]) -> Self {
        Self {
            declared: Declared::of(sets),
            accepted: Vec::new(),
        }
    }

    /// Adds a table of the application's own whose rows belong to tenants.
    ///
    /// From then on every table with a column of that name counts as one that should have been
    /// declared, as with `tenant_id`.
    pub fn tenant_table(mut self, table: &TenantTable) -> Self {
        self.declared.tenant_table(table);
        self
    }

    /// Declares that a table holds no tenant's content, although it names tenants.
    pub fn platform_table(mut self, name: &Identifier) -> Self {
        self.declared.platform_table(name);
        self
    }

    /// Lets a finding pass that the application knows and lives with, such as a primary key of an
    /// old table that does not include the tenant.
    ///
    /// `object` is the finding's [`object`](Finding::object), word for word.
    pub fn accept(mut self, defect: Defect, object: impl Into<Box<str>>) -> Self {
        self.accepted.push((defect, object.into()));
        self
    }

    /// Looks, with the connections that serve.
    ///
    /// # Errors
    /// [`TimedOut`](ErrorKind::TimedOut), [`Unavailable`](ErrorKind::Unavailable) or
    /// [`Database`](ErrorKind::Database) when it could not look at everything; then nothing is
    /// known, and a server does not serve.
    pub async fn run(&self, storage: &SqlStorage) -> Result<Report, Error> {
        match storage.pool() {
            SqlPool::Postgres(pool, _) => {
                let look = async {
                    let connection = storage.unless_away(storage.acquire(Mode::Read, None));
                    self.look(connection.await?, pool).await.map_err(sql_error)
                };
                tokio::time::timeout(storage.time_out(), look)
                    .await
                    .map_err(|elapsed| Error::with_source(ErrorKind::TimedOut, elapsed))?
            }
            #[cfg(feature = "sqlite")]
            SqlPool::Sqlite(_) => Ok(Report::default()),
        }
    }

    async fn look(
        &self,
        connection: OwnedConnection,
        pool: &PgPool,
    ) -> Result<Report, sqlx::Error> {
        let mut report = Report::default();
        // Closed when anything fails, or when the caller gives up.
        let mut guard = CloseOnDrop::new(connection);
        guard.connection().begin(Mode::Read, None).await?;
        let conn = postgres(guard.connection());
        let survey = Survey::of(conn, &self.declared).await?;
        report.add(self.read_catalogs(conn, &survey).await?, &self.accepted);
        guard.connection().roll_back().await?;
        if report.is_isolated() {
            let visible = proof::findings(guard.connection(), pool, &survey).await?;
            report.add(visible, &self.accepted);
        }
        drop(guard.defuse());
        Ok(report)
    }

    async fn read_catalogs(
        &self,
        conn: &mut PgConnection,
        survey: &Survey,
    ) -> Result<Vec<Finding>, sqlx::Error> {
        let mut findings: Vec<Finding> = survey.outdated().into_iter().collect();
        findings.extend(survey.login.findings(conn, &survey.known_ids()).await?);
        findings.extend(survey.missing());
        for table in &survey.tables {
            findings.extend(table.findings());
        }
        let parts = survey.parts.iter();
        findings.extend(parts.filter_map(|part| part.finding(&survey.login)));
        findings.extend(policies::findings(conn, survey).await?);
        findings.extend(keys::findings(conn, survey).await?);
        findings.extend(access::findings(conn, survey).await?);
        findings.extend(views::findings(conn, survey).await?);
        findings.extend(functions::findings(conn, survey).await?);
        let columns = self.declared.tenant_columns();
        findings.extend(undeclared::findings(conn, survey, &columns).await?);
        Ok(findings)
    }
}

fn postgres(connection: &mut OwnedConnection) -> &mut PgConnection {
    match connection.as_tx() {
        TxConnection::Postgres(conn) => conn,
        #[cfg(feature = "sqlite")]
        TxConnection::Sqlite(_) => unreachable!("it came from a pool of PostgreSQL's"),
    }
}
