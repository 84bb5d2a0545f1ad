//! A whole installation on either database, with this crate's tables.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage, SqlStorageBuilder};
use tenancy_core::{Actor, PlatformScope, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_observability::MIGRATIONS;
use tenancy_tests::{Postgres, TestDatabase};

pub(crate) const SETS: &[&MigrationSet] = &[&migrate::CORE, &MIGRATIONS];

pub(crate) struct Site {
    pub(crate) registry: SqlTenants,
    pub(crate) tenants: Tenants,
    pub(crate) database: Database,
    /// PostgreSQL's database, or SQLite's folder, kept as long as the installation.
    pub(crate) postgres: Option<TestDatabase>,
    folder: Option<TempDir>,
}

impl Site {
    pub(crate) async fn postgres() -> Self {
        Self::in_postgres(Postgres::shared().await).await
    }

    /// In a server that the test may break.
    pub(crate) async fn in_postgres(server: &Postgres) -> Self {
        let migrate = async |url: &str| migrate::postgres(url, SETS, "tenancy_app").await;
        let database = server.database("observability", migrate).await;
        let storage = storage().postgres(&database.app_url()).unwrap();
        Self {
            postgres: Some(database),
            ..Self::on(storage).await
        }
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = storage().sqlite(folder.path()).await.unwrap();
        Self {
            folder: Some(folder),
            ..Self::on(storage).await
        }
    }

    /// Another server on the same data.
    pub(crate) async fn beside(&self) -> Self {
        let storage = match (&self.postgres, &self.folder) {
            (Some(database), _) => storage().postgres(&database.app_url()),
            (None, Some(folder)) => storage().sqlite(folder.path()).await,
            (None, None) => unreachable!("a site has one of them"),
        };
        Self::on(storage.unwrap()).await
    }

    async fn on(storage: SqlStorage) -> Self {
        migrate::prepare(&storage, SETS).await.unwrap();
        let registry = SqlTenants::new(&storage);
        let tenants = Tenants::new(registry.clone());
        let database = Database::builder(&storage, &tenants);
        Self {
            registry,
            tenants,
            database: database.migrations(&MIGRATIONS).build(),
            postgres: None,
            folder: None,
        }
    }

    /// SQLite's folder.
    pub(crate) fn data(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// SQLite's file of what belongs to the platform.
    pub(crate) fn registry_file(&self) -> PathBuf {
        self.data().join("registry.db")
    }

    /// SQLite's file of one tenant.
    pub(crate) fn tenant_file(&self, tenant: &Tenant) -> PathBuf {
        self.data().join(format!("tenants/{}.db", tenant.id))
    }

    pub(crate) async fn add(&self, slug: &str) -> Tenant {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        let by = Actor::system("test");
        let tenant = self.registry.insert(&tenant, &by).await.unwrap();
        let scope = self.platform().tenant(tenant.id).await.unwrap();
        self.database.provision(&scope).await.unwrap();
        tenant
    }

    pub(crate) async fn scope(&self, tenant: &Tenant) -> TenantScope {
        let actor = Actor::user("7", "Ada");
        let scope = self.tenants.scope(tenant.id, actor, Purpose::Request);
        scope.await.unwrap()
    }

    pub(crate) fn platform(&self) -> PlatformScope {
        self.tenants.platform(Actor::system("test"))
    }
}

/// Every statement is slow, so that no test has to wait for one that is.
fn storage() -> SqlStorageBuilder {
    SqlStorage::builder().slow_statements(Duration::ZERO)
}

/// A test of each function on each database, with an installation of its own.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::site::Site::postgres().await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::site::Site::sqlite().await).await;
            })*
        }
    };
}
pub(crate) use on_both;
