//! Row-level security for tables that were there before this crate, on the real server.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::sql::audit::{Defect, IsolationAudit};
use tenancy_core::sql::policy::{KeyType, TenantTable};
use tenancy_core::sql::{Database, SqlStorage, TenantTx};
use tenancy_core::{
    Actor, Error, ErrorKind, Purpose, Tenant, TenantId, TenantScope, Tenants, on_tx,
};
use tenancy_tests::{Postgres, TestDatabase};

use crate::installation::postgres_database;

const TYPES: [(KeyType, &str); 3] = [
    (KeyType::Bigint, "bigint"),
    (KeyType::Text, "text"),
    (KeyType::Uuid, "uuid"),
];

async fn run(url: &str, statements: &str) {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let run = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut conn);
    run.await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
    conn.close().await.unwrap();
}

/// A table of orders as an application may have had it for years.
async fn legacy(column_type: &str) -> TestDatabase {
    let database = Postgres::shared().await.empty_database().await;
    let create =
        format!("CREATE TABLE orders (account {column_type} NOT NULL, item TEXT NOT NULL)");
    run(&database.owner_url(), &create).await;
    database
}

fn orders(key: KeyType) -> TenantTable {
    TenantTable::new("orders".parse().unwrap(), key).column("account".parse().unwrap())
}

fn migration(key: KeyType) -> String {
    orders(key).migration(&"tenancy_app".parse().unwrap())
}

async fn findings(pool: PgPool, table: &TenantTable) -> Vec<(Defect, String)> {
    let storage = SqlStorage::builder().with_pool(pool);
    let audit = IsolationAudit::new(&[]).tenant_table(table);
    let report = audit.run(&storage).await.unwrap();
    let findings = report.findings().iter();
    findings
        .map(|finding| (finding.defect, finding.object.to_string()))
        .collect()
}

/// An application's tenants, its pool as it stands, and scopes of two of them.
struct Application {
    database: Database,
    acme: TenantScope,
    bolt: TenantScope,
}

impl Application {
    async fn on(pool: PgPool, keys: [Option<&str>; 2]) -> Self {
        let registry = InMemoryTenants::default();
        let mut ids = Vec::new();
        for (slug, key) in ["acme", "bolt"].into_iter().zip(keys) {
            let tenant = Tenant {
                key: key.map(|key| key.parse().unwrap()),
                ..Tenant::new(TenantId::generate(), slug.parse().unwrap())
            };
            ids.push(registry.add(&tenant).unwrap().id);
        }
        let tenants = Tenants::new(registry);
        let scope = async |id| {
            let scope = tenants.scope(id, Actor::anonymous(), Purpose::Request);
            scope.await.unwrap()
        };
        Self {
            acme: scope(ids[0]).await,
            bolt: scope(ids[1]).await,
            database: Database::new(&SqlStorage::builder().with_pool(pool), &tenants),
        }
    }
}

/// What the table calls a scope's tenant.
fn called(scope: &TenantScope) -> String {
    let tenant = scope.tenant();
    let key = tenant.key.as_ref().map(ToString::to_string);
    key.unwrap_or_else(|| tenant.id.to_string())
}

async fn order(tx: &mut TenantTx, key: KeyType, account: &str, item: &str) -> Result<u64, Error> {
    let insert = match key {
        KeyType::Bigint => "INSERT INTO orders VALUES (CAST($1 AS BIGINT), $2)",
        KeyType::Text => "INSERT INTO orders VALUES (CAST($1 AS TEXT), $2)",
        KeyType::Uuid => "INSERT INTO orders VALUES (CAST($1 AS UUID), $2)",
    };
    on_tx!(tx, |conn| {
        let insert = sqlx::query(insert).bind(account).bind(item);
        insert.execute(conn).await.map(|done| done.rows_affected())
    })
}

async fn items(database: &Database, scope: &TenantScope) -> Vec<String> {
    const ITEMS: &str = "SELECT item FROM orders ORDER BY item";
    let mut tx = database.read(scope).await.unwrap();
    let items = on_tx!(&mut tx, |conn| sqlx::query_scalar(ITEMS)
        .fetch_all(conn)
        .await);
    tx.commit().await.unwrap();
    items.unwrap()
}

#[tokio::test]
async fn each_tenant_has_its_own_rows_of_an_existing_table() {
    for (key, column_type) in TYPES {
        let database = legacy(column_type).await;
        run(&database.owner_url(), &migration(key)).await;
        let pool = PgPool::connect(&database.app_url()).await.unwrap();
        let keys = match key {
            KeyType::Bigint => [Some("7"), Some("77")],
            KeyType::Text => [Some("acme-Ltd"), Some("acme-ltd")],
            KeyType::Uuid => [None, None],
        };
        let application = Application::on(pool.clone(), keys).await;
        let Application {
            database: site,
            acme,
            bolt,
        } = &application;
        for (scope, item) in [(acme, "anvil"), (bolt, "bolt")] {
            let mut tx = site.write(scope).await.unwrap();
            order(&mut tx, key, &called(scope), item).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(items(site, acme).await, ["anvil"], "{column_type}");
        assert_eq!(items(site, bolt).await, ["bolt"], "{column_type}");
        // Neither writes into the other's rows, nor moves a row there.
        let mut tx = site.write(bolt).await.unwrap();
        let error = order(&mut tx, key, &called(acme), "planted")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Database);
        let mut tx = site.write(bolt).await.unwrap();
        let erased = on_tx!(&mut tx, |conn| sqlx::query("DELETE FROM orders")
            .execute(conn)
            .await
            .map(|done| done.rows_affected()));
        assert_eq!(erased.unwrap(), 1);
        tx.roll_back().await.unwrap();
        // The pool itself, which names no tenant, sees nothing.
        let count = sqlx::query_scalar("SELECT count(*) FROM orders");
        let count: i64 = count.fetch_one(&pool).await.unwrap();
        assert_eq!(count, 0, "{column_type}");
        assert_eq!(findings(pool, &orders(key)).await, []);
    }
}

#[tokio::test]
async fn any_name_can_be_served() {
    let longest = "ä".repeat(31) + "x";
    let names = [
        "orders",
        "Orders of 2024",
        "order",
        "it's \"quoted\"",
        "back\\slash's",
        "$tenancy$ $_tenancy$",
        "x\"; DROP TABLE bystander; --\n",
        "'; DROP TABLE bystander; --",
        &longest,
    ];
    for name in names {
        // A role is known to the whole server, so no other test may have it.
        let role = format!("{:.28}?", name.replace("ä", "ö"));
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let database = Postgres::shared().await.empty_database().await;
        let login = format!("CREATE ROLE {} LOGIN PASSWORD 'odd'", quoted(&role));
        run(&database.superuser_url(), &login).await;
        let create = format!(
            "CREATE TABLE bystander (); CREATE SCHEMA {0}; CREATE TABLE {0}.{0} ({0} TEXT)",
            quoted(name)
        );
        run(&database.owner_url(), &create).await;
        let parse = |name: &str| name.parse().unwrap();
        let table = TenantTable::new(parse(name), KeyType::Text)
            .column(parse(name))
            .schema(parse(name));
        let migration = table.migration(&parse(&role));
        for setting in ["on", "off"] {
            let setting = format!("SET standard_conforming_strings = {setting}; {migration}");
            run(&database.owner_url(), &setting).await;
        }
        let app: PgConnectOptions = database.app_url().parse().unwrap();
        let app = app.username(&role).password("odd");
        let pool = PgPoolOptions::new().connect_lazy_with(app);
        assert_eq!(findings(pool, &table).await, [], "{name}");
        run(&database.owner_url(), "SELECT FROM bystander").await;
        let broken = format!("DROP POLICY tenancy_isolation ON {0}.{0}", quoted(name));
        run(&database.owner_url(), &broken).await;
        let app: PgConnectOptions = database.app_url().parse().unwrap();
        let app = app.username(&role).password("odd");
        let pool = PgPoolOptions::new().connect_lazy_with(app);
        let [(Defect::PolicyMissing, _)] = findings(pool, &table).await[..] else {
            panic!("{name:?} is not looked at");
        };
    }
}

#[tokio::test]
async fn running_the_migration_again_changes_nothing_and_mends_what_is_broken() {
    const INDEXES: &str = "SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass";
    let key = KeyType::Bigint;
    let database = legacy("bigint").await;
    let owner = database.owner_url();
    run(&owner, "CREATE POLICY theirs ON orders USING (item <> '')").await;
    run(&owner, "GRANT ALL ON orders TO tenancy_app, PUBLIC").await;
    let breaking = [
        "SELECT 1",
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenancy_open ON orders; DROP POLICY tenancy_isolation ON orders",
        "ALTER POLICY tenancy_isolation ON orders USING (true)",
        "GRANT TRUNCATE ON orders TO PUBLIC",
        "GRANT REFERENCES (account) ON orders TO tenancy_app",
        "DROP INDEX orders_account_idx",
    ];
    for broken in breaking {
        run(&owner, &migration(key)).await;
        let pool = PgPool::connect(&database.app_url()).await.unwrap();
        assert_eq!(findings(pool, &orders(key)).await, [], "before {broken}");
        let mut conn = PgConnection::connect(&owner).await.unwrap();
        let indexes: i64 = sqlx::query_scalar(INDEXES)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(indexes, 1);
        run(&owner, broken).await;
    }
}

#[tokio::test]
async fn an_index_that_leads_with_the_tenant_is_not_made_twice() {
    const INDEXES: &str = "SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass";
    let database = legacy("uuid").await;
    let owner = database.owner_url();
    run(&owner, "ALTER TABLE orders ADD PRIMARY KEY (account, item)").await;
    run(&owner, &migration(KeyType::Uuid)).await;
    let mut conn = PgConnection::connect(&owner).await.unwrap();
    let indexes: i64 = sqlx::query_scalar(INDEXES)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(indexes, 1);
}

#[tokio::test]
async fn our_own_tables_and_the_applications_have_policies_of_one_shape() {
    const SHAPES: &str = "
        SELECT DISTINCT polname::text, polpermissive, polcmd::text, polroles::text,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy ORDER BY 1";
    const TABLES: &str = "SELECT count(DISTINCT polrelid) FROM pg_policy";
    let database = postgres_database().await;
    let owner = database.owner_url();
    run(&owner, "CREATE TABLE orders (tenant_id UUID)").await;
    let table = TenantTable::new("orders".parse().unwrap(), KeyType::Uuid);
    run(&owner, &table.migration(&"tenancy_app".parse().unwrap())).await;
    let mut conn = PgConnection::connect(&owner).await.unwrap();
    let tables: i64 = sqlx::query_scalar(TABLES)
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(tables, 7);
    type Shape = (String, bool, String, String, String, String);
    let shapes: Vec<Shape> = sqlx::query_as(SHAPES).fetch_all(&mut conn).await.unwrap();
    let names: Vec<_> = shapes.iter().map(|shape| (&*shape.0, shape.1)).collect();
    assert_eq!(
        names,
        [("tenancy_isolation", false), ("tenancy_open", true)]
    );
}

#[tokio::test]
async fn columns_that_cannot_tell_tenants_apart_are_found() {
    let key = KeyType::Text;
    let check = async |column_type: &str, migrate: bool, expected: &[Defect]| {
        let database = legacy(column_type).await;
        if migrate {
            run(&database.owner_url(), &migration(key)).await;
        } else {
            let force = "ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
                CREATE INDEX ON orders (account)";
            run(&database.owner_url(), force).await;
        }
        let pool = PgPool::connect(&database.app_url()).await.unwrap();
        let found = findings(pool, &orders(key)).await;
        let defects: Vec<_> = found.iter().map(|(defect, _)| *defect).collect();
        assert_eq!(defects, expected, "{column_type}");
    };
    check("text", true, &[]).await;
    check("text COLLATE \"C\"", true, &[]).await;
    check("varchar(20)", true, &[]).await;
    check("inet", false, &[Defect::TenantColumn]).await;
}

#[tokio::test]
async fn a_collation_that_takes_two_keys_for_one_is_found() {
    let database = Postgres::shared().await.empty_database().await;
    let create = "
        CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE orders (account TEXT COLLATE blind NOT NULL, item TEXT NOT NULL)";
    run(&database.owner_url(), create).await;
    run(&database.owner_url(), &migration(KeyType::Text)).await;
    let pool = PgPool::connect(&database.app_url()).await.unwrap();
    // This is why: the tenant "ACME" reads what "acme" has written.
    let application = Application::on(pool.clone(), [Some("acme"), Some("ACME")]).await;
    let mut tx = application.database.write(&application.acme).await.unwrap();
    order(&mut tx, KeyType::Text, "acme", "anvil")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        items(&application.database, &application.bolt).await,
        ["anvil"]
    );
    let found = findings(pool, &orders(KeyType::Text)).await;
    assert_eq!(
        found,
        [(Defect::TenantColumn, "table public.orders".to_owned())]
    );
}
