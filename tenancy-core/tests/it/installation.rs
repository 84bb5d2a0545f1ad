//! A whole installation on either database, with one table of its own.

use std::path::PathBuf;

use tempfile::TempDir;
use tenancy_core::journal::{Change, Resource};
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet, Script, Table};
use tenancy_core::sql::{Database, SqlStorage, SqlStorageBuilder, TenantTx};
use tenancy_core::{Actor, Error, Purpose, Tenant, TenantId, TenantScope, Tenants, on_tx};
use tenancy_tests::{Postgres, TestDatabase};
use uuid::Uuid;

pub(crate) static NOTES: MigrationSet = MigrationSet {
    name: "notes",
    postgres: &[Script {
        version: 1,
        name: "notes",
        sql: include_str!("migrations/postgres.sql"),
    }],
    sqlite_registry: &[],
    sqlite_tenant: &[Script {
        version: 1,
        name: "notes",
        sql: include_str!("migrations/sqlite.sql"),
    }],
    tenant_tables: &[Table {
        name: "notes",
        privileges: "SELECT, INSERT, UPDATE, DELETE",
    }],
    platform_tables: &[],
};

pub(crate) const SETS: &[&MigrationSet] = &[&migrate::CORE, &NOTES];

pub(crate) struct Installation {
    pub(crate) storage: SqlStorage,
    pub(crate) registry: SqlTenants,
    pub(crate) tenants: Tenants,
    pub(crate) database: Database,
    /// PostgreSQL's database, or SQLite's folder, kept as long as the installation.
    pub(crate) postgres: Option<TestDatabase>,
    pub(crate) folder: Option<TempDir>,
}

impl Installation {
    pub(crate) async fn postgres(connections: u32) -> Self {
        let builder = SqlStorage::builder().connections(connections);
        Self::on_postgres(Postgres::shared().await, builder).await
    }

    pub(crate) async fn on_postgres(server: &Postgres, builder: SqlStorageBuilder) -> Self {
        let database = database_in(server).await;
        let storage = builder
            .postgres(&database.app_url())
            .expect("the harness's URL");
        Self {
            postgres: Some(database),
            ..Self::on(storage).await
        }
    }

    pub(crate) async fn sqlite(connections: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let storage = SqlStorage::builder()
            .connections(connections)
            .sqlite(folder.path())
            .await
            .expect("a usable folder");
        Self {
            folder: Some(folder),
            ..Self::on(storage).await
        }
    }

    /// A second node on the same data.
    pub(crate) async fn beside(&self) -> Self {
        let storage = match (&self.postgres, &self.folder) {
            (Some(database), _) => SqlStorage::builder()
                .postgres(&database.app_url())
                .expect("the same URL"),
            (None, Some(folder)) => SqlStorage::builder()
                .sqlite(folder.path())
                .await
                .expect("the same folder"),
            (None, None) => unreachable!("an installation has one of them"),
        };
        Self::on(storage).await
    }

    async fn on(storage: SqlStorage) -> Self {
        migrate::prepare(&storage, SETS)
            .await
            .expect("a current schema");
        let registry = SqlTenants::new(&storage);
        let tenants = Tenants::new(registry.clone());
        let database = Database::builder(&storage, &tenants)
            .migrations(&NOTES)
            .build();
        Self {
            storage,
            registry,
            tenants,
            database,
            postgres: None,
            folder: None,
        }
    }

    /// SQLite's file of what belongs to the platform.
    pub(crate) fn registry_file(&self) -> PathBuf {
        let folder = self.folder.as_ref().expect("an installation on SQLite");
        folder.path().join("registry.db")
    }

    /// SQLite's file of one tenant.
    pub(crate) fn tenant_file(&self, tenant: &Tenant) -> PathBuf {
        let folder = self.folder.as_ref().expect("an installation on SQLite");
        folder.path().join(format!("tenants/{}.db", tenant.id))
    }

    pub(crate) async fn add(&self, slug: &str) -> Tenant {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().expect("a slug"));
        let by = Actor::system("test");
        let tenant = self
            .registry
            .insert(&tenant, &by)
            .await
            .expect("a free slug");
        let scope = self
            .tenants
            .platform(by)
            .tenant(tenant.id)
            .await
            .expect("a tenant");
        self.database.provision(&scope).await.expect("a place");
        tenant
    }

    pub(crate) async fn scope(&self, tenant: &Tenant) -> TenantScope {
        let actor = Actor::user("7", "Ada");
        self.tenants
            .scope(tenant.id, actor, Purpose::Request)
            .await
            .expect("an open tenant")
    }
}

/// A migrated database with nothing in it.
pub(crate) async fn postgres_database() -> TestDatabase {
    database_in(Postgres::shared().await).await
}

async fn database_in(server: &Postgres) -> TestDatabase {
    let migrate = async |owner_url: &str| migrate::postgres(owner_url, SETS, "tenancy_app").await;
    server.database("tenancy-core", migrate).await
}

#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Note {
    pub(crate) id: Uuid,
    pub(crate) body: String,
}

impl Resource for Note {
    const KIND: &'static str = "note";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

/// Adds a note and notes the change.
pub(crate) async fn write_note(tx: &mut TenantTx, body: &str) -> Result<Note, Error> {
    const INSERT: &str = "INSERT INTO notes (tenant_id, id, body) VALUES ($1, $2, $3)";
    let note = Note {
        id: Uuid::now_v7(),
        body: body.to_owned(),
    };
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(tenant)
            .bind(note.id)
            .bind(&note.body)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.record(Change::created(&note));
    Ok(note)
}

/// Every note in sight, without naming a tenant: what isolation alone lets through.
pub(crate) async fn all_notes(tx: &mut TenantTx) -> Result<Vec<String>, Error> {
    const ALL: &str = "SELECT body FROM notes ORDER BY body";
    on_tx!(tx, |conn| sqlx::query_scalar(ALL).fetch_all(conn).await)
}

/// A test of each function on each database, with an installation of its own.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::installation::Installation::postgres(8).await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::installation::Installation::sqlite(8).await).await;
            })*
        }
    };
}
pub(crate) use on_both;
