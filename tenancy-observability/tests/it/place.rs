//! A whole installation on either database.

use tempfile::TempDir;
use tenancy_core::journal::{Change, Resource};
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, PlatformScope, Tenant, TenantId, TenantScope, Tenants};
use tenancy_tests::{Postgres, TestDatabase};

const SETS: &[&MigrationSet] = &[&migrate::CORE];

pub(crate) struct Place {
    pub(crate) registry: SqlTenants,
    pub(crate) tenants: Tenants,
    pub(crate) database: Database,
    pub(crate) scope: PlatformScope,
    /// PostgreSQL's database, or SQLite's folder, kept as long as the place.
    pub(crate) postgres: Option<TestDatabase>,
    pub(crate) folder: Option<TempDir>,
}

impl Place {
    pub(crate) async fn postgres() -> Self {
        Self::in_postgres(Postgres::shared().await).await
    }

    pub(crate) async fn in_postgres(server: &Postgres) -> Self {
        let migrate = async |url: &str| migrate::postgres(url, SETS, "tenancy_app").await;
        let database = server.database("tenancy-observability", migrate).await;
        let storage = SqlStorage::builder().connections(4);
        let storage = storage.postgres(&database.app_url()).unwrap();
        Self {
            postgres: Some(database),
            ..Self::on(storage).await
        }
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let storage = SqlStorage::builder().sqlite(folder.path()).await.unwrap();
        Self {
            folder: Some(folder),
            ..Self::on(storage).await
        }
    }

    async fn on(storage: SqlStorage) -> Self {
        migrate::prepare(&storage, SETS).await.unwrap();
        let registry = SqlTenants::new(&storage);
        let tenants = Tenants::new(registry.clone());
        let mut database = Database::builder(&storage, &tenants);
        for set in &SETS[1..] {
            database = database.migrations(set);
        }
        Self {
            registry,
            database: database.build(),
            scope: tenants.platform(Actor::system("test")),
            tenants,
            postgres: None,
            folder: None,
        }
    }

    pub(crate) async fn add(&self, slug: &str) -> Tenant {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        let by = Actor::system("test");
        let tenant = self.registry.insert(&tenant, &by).await.unwrap();
        let scope = self.scope_of(&tenant).await;
        self.database.provision(&scope).await.unwrap();
        tenant
    }

    pub(crate) async fn scope_of(&self, tenant: &Tenant) -> TenantScope {
        self.scope.tenant(tenant.id).await.unwrap()
    }

    /// Lets something happen in a tenant.
    pub(crate) async fn change(&self, tenant: &Tenant) {
        let scope = self.scope_of(tenant).await;
        let mut tx = self.database.write(&scope).await.unwrap();
        tx.record(Change::created(&Thing));
        tx.commit().await.unwrap();
    }
}

/// Something that happens in a tenant.
#[derive(serde::Serialize)]
struct Thing;

impl Resource for Thing {
    const KIND: &'static str = "thing";

    fn resource_id(&self) -> String {
        "1".to_owned()
    }
}

/// A test of each function on each database, with a place of its own.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::place::Place::postgres().await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::place::Place::sqlite().await).await;
            })*
        }
    };
}
pub(crate) use on_both;
