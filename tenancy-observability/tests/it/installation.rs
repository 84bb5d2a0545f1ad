//! A whole installation on either database.

use std::time::Duration;

use tempfile::TempDir;
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, PlatformScope, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_observability::MIGRATIONS;
use tenancy_tests::{Postgres, TestDatabase};

const SETS: &[&MigrationSet] = &[&migrate::CORE, &MIGRATIONS];

/// Everything counts as slow, so that no test has to wait for it.
const SLOW: Duration = Duration::ZERO;

pub(crate) struct Installation {
    pub(crate) database: Database,
    pub(crate) scope: PlatformScope,
    pub(crate) tenants: Tenants,
    registry: SqlTenants,
    /// PostgreSQL's database, or SQLite's folder, kept as long as the installation.
    _postgres: Option<TestDatabase>,
    _folder: Option<TempDir>,
}

impl Installation {
    pub(crate) async fn postgres() -> Self {
        let migrate =
            async |owner_url: &str| migrate::postgres(owner_url, SETS, "tenancy_app").await;
        let server = Postgres::shared().await;
        let database = server.database("observability-slow", migrate).await;
        let storage = SqlStorage::builder()
            .slow_statements(SLOW)
            .postgres(&database.app_url())
            .unwrap();
        Self {
            _postgres: Some(database),
            ..Self::on(storage).await
        }
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = SqlStorage::builder()
            .slow_statements(SLOW)
            .sqlite(folder.path())
            .await
            .unwrap();
        Self {
            _folder: Some(folder),
            ..Self::on(storage).await
        }
    }

    async fn on(storage: SqlStorage) -> Self {
        migrate::prepare(&storage, SETS).await.unwrap();
        let registry = SqlTenants::new(&storage);
        let tenants = Tenants::new(registry.clone());
        Self {
            database: Database::builder(&storage, &tenants).build(),
            scope: tenants.platform(Actor::system("test")),
            tenants,
            registry,
            _postgres: None,
            _folder: None,
        }
    }

    /// Adds a tenant, with the scope of a request to it.
    pub(crate) async fn add(&self, slug: &str) -> TenantScope {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        let by = Actor::system("test");
        let tenant = self.registry.insert(&tenant, &by).await.unwrap();
        let owner = self.scope.tenant(tenant.id).await.unwrap();
        self.database.provision(&owner).await.unwrap();
        let actor = Actor::user("7", "Ada");
        self.tenants
            .scope(tenant.id, actor, Purpose::Request)
            .await
            .unwrap()
    }
}

/// A test of each function on each database, with an installation of its own.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::installation::Installation::postgres().await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::installation::Installation::sqlite().await).await;
            })*
        }
    };
}
pub(crate) use on_both;
