//! Bringing schemas up to date.
//!
//! A [`MigrationSet`] is what one crate or application adds: scripts for PostgreSQL, for SQLite's
//! registry file and for each tenant's file, and the privileges that the server's role needs on
//! its tables. Every set has a ledger table of its own. PostgreSQL is migrated by its owner role,
//! before the server starts; a tenant's SQLite file when it is first opened.

#[cfg(feature = "sqlite")]
use std::{fs::File, path::Path};

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
#[cfg(feature = "postgres")]
use sqlx::{Connection as _, PgConnection};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[cfg(feature = "postgres")]
use super::error::connect_error;
use super::error::sql_error;
use super::storage::{SqlPool, SqlStorage};
use crate::error::{Error, ErrorKind};
use crate::tenant::TenantId;

/// One script; its number orders it and is never used again.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// Counts up within its folder.
    pub version: i64,
    /// What it does.
    pub name: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// A table, and what the server may do with it on PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// Privileges as `GRANT` takes them, such as `SELECT, INSERT`.
    pub privileges: &'static str,
}

/// The tables of one crate or application.
#[derive(Clone, Copy, Debug)]
pub struct MigrationSet {
    /// Names the ledger table: `<name>_migrations`.
    pub name: &'static str,
    /// PostgreSQL: all tables.
    pub postgres: &'static [Script],
    /// SQLite: the platform's tables, in the registry's file.
    pub sqlite_registry: &'static [Script],
    /// SQLite: a tenant's tables, in each tenant's file.
    pub sqlite_tenant: &'static [Script],
    /// Tables with a tenant's rows, all under row-level security on PostgreSQL.
    pub tenant_tables: &'static [Table],
    /// Tables that hold no tenant's content and stand outside row-level security.
    pub platform_tables: &'static [Table],
}

/// Builds a [`Script`] from a file beside the caller.
#[macro_export]
macro_rules! migration {
    ($version:literal, $name:literal, $path:literal) => {
        $crate::sql::migrate::Script {
            version: $version,
            name: $name,
            sql: include_str!($path),
        }
    };
}

const ALL: &str = "SELECT, INSERT, UPDATE, DELETE";

/// This crate's own tables: registry, journal, idempotency keys.
pub static CORE: MigrationSet = MigrationSet {
    name: "tenancy_core",
    postgres: &[
        migration!(1, "registry", "../../migrations/postgres/0001_registry.sql"),
        migration!(2, "journal", "../../migrations/postgres/0002_journal.sql"),
        migration!(
            3,
            "idempotency",
            "../../migrations/postgres/0003_idempotency.sql"
        ),
    ],
    sqlite_registry: &[
        migration!(
            1,
            "registry",
            "../../migrations/sqlite/registry/0001_registry.sql"
        ),
        migration!(
            2,
            "journal",
            "../../migrations/sqlite/registry/0002_journal.sql"
        ),
    ],
    sqlite_tenant: &[
        migration!(
            1,
            "journal",
            "../../migrations/sqlite/tenant/0001_journal.sql"
        ),
        migration!(
            2,
            "idempotency",
            "../../migrations/sqlite/tenant/0002_idempotency.sql"
        ),
    ],
    tenant_tables: &[
        // Entries are appended, numbered once, and never changed or taken away.
        Table {
            name: "tenancy_journal",
            privileges: "SELECT, INSERT, UPDATE (sequence)",
        },
        Table {
            name: "tenancy_journal_head",
            privileges: ALL,
        },
        Table {
            name: "tenancy_journal_cursors",
            privileges: ALL,
        },
        Table {
            name: "tenancy_journal_parked",
            privileges: ALL,
        },
        Table {
            name: "tenancy_idempotency",
            privileges: ALL,
        },
    ],
    platform_tables: &[
        Table {
            name: "tenancy_registry",
            privileges: "SELECT, UPDATE",
        },
        Table {
            name: "tenancy_tenants",
            privileges: "SELECT, INSERT, UPDATE",
        },
        Table {
            name: "tenancy_domains",
            privileges: ALL,
        },
        Table {
            name: "tenancy_platform_journal",
            privileges: "SELECT, INSERT",
        },
        Table {
            name: "tenancy_journal_line",
            privileges: ALL,
        },
        Table {
            name: "tenancy_journal_work",
            privileges: ALL,
        },
    ],
};

impl MigrationSet {
    pub(super) fn ledger(&self) -> String {
        format!("{}_migrations", self.name)
    }

    fn migrator(&self, scripts: &'static [Script]) -> Migrator {
        let migrations = scripts
            .iter()
            .map(|script| {
                Migration::new(
                    script.version,
                    script.name.into(),
                    MigrationType::Simple,
                    script.sql.into_sql_str(),
                    false,
                )
            })
            .collect();
        let mut migrator = Migrator::with_migrations(migrations);
        migrator.dangerous_set_table_name(self.ledger());
        migrator
    }
}

/// Migrates PostgreSQL as its owner, and grants the server's role what it needs.
///
/// Only one runner works at a time. What is current is left alone, so running it again is cheap.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable), or [`Database`](ErrorKind::Database) with the
/// database's words when a script fails; the script that failed has changed nothing.
#[cfg(feature = "postgres")]
pub async fn postgres(
    owner_url: &str,
    sets: &[&'static MigrationSet],
    app_role: &str,
) -> Result<(), Error> {
    // Scripts have a lock of sqlx's own; this one is for the grants, which fail when two meet. It
    // ends with the connection.
    const ALONE: &str = "SELECT pg_advisory_lock(hashtext('tenancy_migrations'))";
    let mut conn = PgConnection::connect(owner_url).await.map_err(sql_error)?;
    sqlx::query(ALONE)
        .execute(&mut conn)
        .await
        .map_err(sql_error)?;
    for set in sets {
        run(&set.migrator(set.postgres), &mut conn).await?;
        grant(&mut conn, set, app_role).await?;
    }
    conn.close().await.map_err(sql_error)
}

/// Statements cannot bind names, so they travel as settings and are quoted on the server.
#[cfg(feature = "postgres")]
async fn grant(conn: &mut PgConnection, set: &MigrationSet, role: &str) -> Result<(), Error> {
    const NAME: &str = "SELECT set_config('tenancy.role', $1, false), \
         set_config('tenancy.table', $2, false), set_config('tenancy.privileges', $3, false)";
    const GRANT: &str = "DO $$ BEGIN \
         EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), \
             current_setting('tenancy.role')); \
         EXECUTE format('REVOKE ALL ON %I FROM %I', current_setting('tenancy.table'), \
             current_setting('tenancy.role')); \
         EXECUTE format('GRANT %s ON %I TO %I', current_setting('tenancy.privileges'), \
             current_setting('tenancy.table'), current_setting('tenancy.role')); \
         END $$";
    let ledger = set.ledger();
    let tables = set.tenant_tables.iter().chain(set.platform_tables);
    let grants = tables
        .map(|table| (table.name, table.privileges))
        .chain([(&*ledger, "SELECT")]);
    for (name, privileges) in grants {
        sqlx::query(NAME)
            .bind(role)
            .bind(name)
            .bind(privileges)
            .execute(&mut *conn)
            .await
            .map_err(sql_error)?;
        sqlx::raw_sql(GRANT)
            .execute(&mut *conn)
            .await
            .map_err(sql_error)?;
    }
    Ok(())
}

/// Brings what belongs to the platform up to date where the server does that itself: SQLite's
/// registry file. PostgreSQL is only compared.
///
/// # Errors
/// [`Database`](ErrorKind::Database) with a sentence when PostgreSQL's schema is not current.
pub async fn prepare(storage: &SqlStorage, sets: &[&'static MigrationSet]) -> Result<(), Error> {
    match storage.pool() {
        #[cfg(feature = "postgres")]
        SqlPool::Postgres(pool, _) => {
            let connect = async { pool.acquire().await.map_err(connect_error) };
            let mut conn = storage.unless_away(connect).await?;
            for set in sets {
                compare(&mut conn, set).await?;
            }
            Ok(())
        }
        #[cfg(feature = "sqlite")]
        SqlPool::Sqlite(files) => {
            let _lock = lock(&files.folder().join("registry.lock")).await?;
            let mut conn = files.registry().await?;
            for set in sets {
                run(&set.migrator(set.sqlite_registry), &mut *conn).await?;
            }
            Ok(())
        }
    }
}

#[cfg(feature = "postgres")]
async fn compare(conn: &mut PgConnection, set: &MigrationSet) -> Result<(), Error> {
    const EXISTS: &str = "SELECT to_regclass($1) IS NOT NULL";
    let migrator = set.migrator(set.postgres);
    let ledger = set.ledger();
    let exists: bool = sqlx::query_scalar(EXISTS)
        .bind(&ledger)
        .fetch_one(&mut *conn)
        .await
        .map_err(sql_error)?;
    let applied = if exists {
        conn.list_applied_migrations(&ledger)
            .await
            .map_err(migrate_error)?
    } else {
        Vec::new()
    };
    for migration in migrator.iter() {
        match applied
            .iter()
            .find(|applied| applied.version == migration.version)
        {
            Some(applied) if applied.checksum == migration.checksum => {}
            Some(_) => {
                return Err(migrate_error(MigrateError::VersionMismatch(
                    migration.version,
                )));
            }
            None => {
                return Err(Error::with_source(
                    ErrorKind::Database,
                    format!(
                        "migration {} ({}) of {} has not been applied: migrate the database first",
                        migration.version, migration.description, set.name
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Makes sure that a tenant's own file is current; on PostgreSQL there is none.
pub(super) async fn tenant(
    storage: &SqlStorage,
    sets: &[&'static MigrationSet],
    id: TenantId,
    create: bool,
) -> Result<(), Error> {
    match storage.pool() {
        #[cfg(feature = "postgres")]
        SqlPool::Postgres(..) => {
            let _ = (sets, id, create);
            Ok(())
        }
        #[cfg(feature = "sqlite")]
        SqlPool::Sqlite(files) => {
            if files.is_migrated(id) {
                return Ok(());
            }
            let path = files.path(id);
            if !create && !path.exists() {
                return Err(super::sqlite::SqliteFiles::missing(id));
            }
            let _lock = lock(&path.with_extension("lock")).await?;
            let mut conn = files.connect_for_migration(id, create).await?;
            for set in sets {
                run(&set.migrator(set.sqlite_tenant), &mut conn).await?;
            }
            sqlx::Connection::close(conn).await.map_err(sql_error)?;
            files.note_migrated(id);
            Ok(())
        }
    }
}

async fn run<C: Migrate>(migrator: &Migrator, conn: &mut C) -> Result<(), Error> {
    migrator
        .run_direct(None, conn, false)
        .await
        .map_err(migrate_error)
}

fn migrate_error(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) => sql_error(error),
        error => Error::with_source(ErrorKind::Database, error),
    }
}

/// Keeps other processes from migrating the same file; let go when dropped.
#[cfg(feature = "sqlite")]
async fn lock(path: &Path) -> Result<File, Error> {
    let path = path.to_owned();
    let unavailable = |error: std::io::Error| Error::with_source(ErrorKind::Unavailable, error);
    tokio::task::spawn_blocking(move || {
        let file = File::create(path)?;
        file.lock()?;
        Ok(file)
    })
    .await
    .map_err(|error| Error::with_source(ErrorKind::Unavailable, error))?
    .map_err(unavailable)
}
