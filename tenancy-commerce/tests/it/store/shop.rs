use tempfile::TempDir;
use tenancy_commerce::MIGRATIONS;
use tenancy_commerce::catalog::SqlCatalog;
use tenancy_commerce::customer::SqlCustomers;
use tenancy_commerce::order::SqlOrders;
use tenancy_commerce::stock::SqlStock;
use tenancy_core::registry::{SqlTenants, TenantRegistry as _};
use tenancy_core::sql::migrate::{self, CORE, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_tests::Postgres;

const SETS: [&MigrationSet; 2] = [&CORE, &MIGRATIONS];

/// Two shops in one database of their own.
pub(super) struct Shops {
    pub(super) database: Database,
    pub(super) catalog: SqlCatalog,
    pub(super) stock: SqlStock,
    pub(super) customers: SqlCustomers,
    pub(super) orders: SqlOrders,
    pub(super) a: TenantScope,
    pub(super) b: TenantScope,
    _folder: Option<TempDir>,
}

impl Shops {
    pub(super) async fn postgres() -> Self {
        let server = Postgres::shared().await;
        let migrate = async |url: &str| migrate::postgres(url, &SETS, "tenancy_app").await;
        let database = server.database("commerce", migrate).await;
        let storage = SqlStorage::builder().postgres(&database.app_url()).unwrap();
        Self::new(&storage, None).await
    }

    pub(super) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = SqlStorage::builder().sqlite(folder.path()).await.unwrap();
        Self::new(&storage, Some(folder)).await
    }

    async fn new(storage: &SqlStorage, folder: Option<TempDir>) -> Self {
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
            database,
            a,
            b,
            _folder: folder,
        }
    }
}
