use std::path::PathBuf;

use tempfile::TempDir;
use tenancy_commerce::MIGRATIONS;
use tenancy_commerce::catalog::SqlCatalog;
use tenancy_commerce::customer::SqlCustomers;
use tenancy_commerce::media::SqlMedia;
use tenancy_commerce::order::SqlOrders;
use tenancy_commerce::stock::SqlStock;
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, CORE, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_tests::{Postgres, TestDatabase};

const SETS: [&MigrationSet; 2] = [&CORE, &MIGRATIONS];

/// Where the shops are kept, for as long as they are used.
enum Place {
    Postgres(TestDatabase),
    Sqlite(TempDir),
}

/// Two shops in one database of their own.
pub(super) struct Shops {
    pub(super) database: Database,
    pub(super) tenants: Tenants,
    pub(super) catalog: SqlCatalog,
    pub(super) stock: SqlStock,
    pub(super) customers: SqlCustomers,
    pub(super) orders: SqlOrders,
    pub(super) media: SqlMedia,
    pub(super) a: TenantScope,
    pub(super) b: TenantScope,
    place: Place,
}

impl Shops {
    pub(super) async fn postgres() -> Self {
        Self::on_postgres(Self::empty_database().await).await
    }

    /// A migrated database in PostgreSQL, without a shop.
    pub(super) async fn empty_database() -> TestDatabase {
        let server = Postgres::shared().await;
        let migrate = async |url: &str| migrate::postgres(url, &SETS, "tenancy_app").await;
        server.database("commerce", migrate).await
    }

    pub(super) async fn on_postgres(database: TestDatabase) -> Self {
        let storage = SqlStorage::builder().postgres(&database.app_url()).unwrap();
        Self::new(&storage, Place::Postgres(database)).await
    }

    pub(super) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqlStorage::builder().sqlite(folder.path()).await.unwrap();
        Self::new(&storage, Place::Sqlite(folder)).await
    }

    /// The database as its owner sees it, on PostgreSQL.
    pub(super) fn postgres_database(&self) -> &TestDatabase {
        match &self.place {
            Place::Postgres(database) => database,
            Place::Sqlite(_) => panic!("the shops are in SQLite"),
        }
    }

    /// The registry's file and shop A's own, on SQLite.
    pub(super) fn files(&self) -> [PathBuf; 2] {
        match &self.place {
            Place::Postgres(_) => panic!("the shops are in PostgreSQL"),
            Place::Sqlite(folder) => {
                let own = format!("tenants/{}.db", self.a.tenant_id());
                [folder.path().join("registry.db"), folder.path().join(own)]
            }
        }
    }

    async fn new(storage: &SqlStorage, place: Place) -> Self {
        migrate::prepare(storage, &SETS).await.unwrap();
        let registry = SqlTenants::new(storage);
        let tenants = Tenants::new(registry.clone());
        let database = Database::builder(storage, &tenants)
            .migrations(&MIGRATIONS)
            .build();
        let open = async |slug: &str| {
            let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
            let system = Actor::system("tests");
            let tenant = registry.insert(&tenant, &system).await.unwrap();
            let platform = tenants.platform(system.clone());
            let provision = platform.tenant(tenant.id).await.unwrap();
            database.provision(&provision).await.unwrap();
            let scope = tenants.scope(tenant.id, system, Purpose::Request).await;
            scope.unwrap()
        };
        let (a, b) = (open("shop-a").await, open("shop-b").await);
        Self {
            catalog: SqlCatalog::new(&database),
            stock: SqlStock::new(&database),
            customers: SqlCustomers::new(&database),
            orders: SqlOrders::new(&database),
            media: SqlMedia::new(&database, 1_000),
            database,
            tenants,
            a,
            b,
            place,
        }
    }
}
