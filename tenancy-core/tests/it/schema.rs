//! What the migrations make on each database, and that each of them runs once.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tenancy_core::sql::migrate::{self, CORE, MigrationSet, Script, Table};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, ErrorKind};
use tenancy_tests::{Postgres, Schema};
use tokio::task::JoinSet;

use crate::installation::{Installation, NOTES, SETS};

/// What the databases do not share, and why.
const DECLARED: &[(&str, &str)] = &[(
    "+ table tenancy_journal_line",
    "entries wait there for their numbers, which SQLite gives as it writes them",
)];

fn names(tables: &[&[Table]]) -> Vec<&'static str> {
    let tables = tables.iter().flat_map(|tables| tables.iter());
    let mut names: Vec<_> = tables.map(|table| table.name).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn both_databases_get_the_same_tables() {
    let site = Installation::postgres(2).await;
    let mut in_postgres = Schema::of_postgres(&site.postgres.unwrap().owner_url()).await;
    let site = Installation::sqlite(2).await;
    let acme = site.add("acme").await;
    let mut registry = Schema::of_sqlite(&site.registry_file()).await;
    let mut tenant = Schema::of_sqlite(&site.tenant_file(&acme)).await;
    for set in SETS {
        let ledger = format!("{}_migrations", set.name);
        for schema in [&mut in_postgres, &mut registry, &mut tenant] {
            assert!(schema.remove(&ledger), "{ledger} is missing");
        }
    }
    let all = [
        CORE.tenant_tables,
        CORE.platform_tables,
        NOTES.tenant_tables,
    ];
    assert_eq!(in_postgres.tables().collect::<Vec<_>>(), names(&all));
    let own = [CORE.tenant_tables, NOTES.tenant_tables];
    assert_eq!(tenant.tables().collect::<Vec<_>>(), names(&own));
    let declared: Vec<_> = DECLARED.iter().map(|(difference, _)| *difference).collect();
    assert_eq!(in_postgres.differences(&registry.and(tenant)), declared);
}

/// A set's ledger: which scripts ran, with what in them, and when.
type Ledger = Vec<(i64, Vec<u8>, String)>;

fn read_ledger(set: &MigrationSet) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "SELECT version, checksum, CAST(installed_on AS TEXT) FROM {}_migrations ORDER BY version",
        set.name
    ))
}

async fn ledger_in_postgres(url: &str, set: &MigrationSet) -> Ledger {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let ledger = sqlx::query_as(read_ledger(set)).fetch_all(&mut conn).await;
    conn.close().await.unwrap();
    ledger.unwrap()
}

async fn ledger_in_sqlite(file: &Path, set: &MigrationSet) -> Ledger {
    let options = SqliteConnectOptions::new().filename(file);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    let ledger = sqlx::query_as(read_ledger(set)).fetch_all(&mut conn).await;
    conn.close().await.unwrap();
    ledger.unwrap()
}

#[tokio::test]
async fn migrating_again_changes_nothing_in_postgres() {
    let site = Installation::postgres(2).await;
    site.add("acme").await;
    let url = site.postgres.as_ref().unwrap().owner_url();
    let look = async || {
        let mut conn = PgConnection::connect(&url).await.unwrap();
        let privileges: Vec<(String, String)> = sqlx::query_as(
            "SELECT relname::text, coalesce(relacl::text, '') FROM pg_class \
             WHERE relnamespace = current_schema()::regnamespace ORDER BY relname",
        )
        .fetch_all(&mut conn)
        .await
        .unwrap();
        let tenants: i64 = sqlx::query_scalar("SELECT count(*) FROM tenancy_tenants")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        conn.close().await.unwrap();
        let ledger = ledger_in_postgres(&url, &CORE).await;
        (Schema::of_postgres(&url).await, ledger, privileges, tenants)
    };
    let before = look().await;
    assert_eq!((before.1.len(), before.3), (CORE.postgres.len(), 1));
    migrate::postgres(&url, SETS, "tenancy_app").await.unwrap();
    migrate::prepare(&site.storage, SETS).await.unwrap();
    assert_eq!(look().await, before);
}

#[tokio::test]
async fn migrating_again_changes_nothing_in_sqlite() {
    let site = Installation::sqlite(2).await;
    let acme = site.add("acme").await;
    let files = [site.registry_file(), site.tenant_file(&acme)];
    let look = async || {
        let [registry, tenant] = &files;
        (
            ledger_in_sqlite(registry, &CORE).await,
            ledger_in_sqlite(tenant, &CORE).await,
            ledger_in_sqlite(tenant, &NOTES).await,
            Schema::of_sqlite(tenant).await,
        )
    };
    let before = look().await;
    assert_eq!(before.0.len(), CORE.sqlite_registry.len());
    assert_eq!(before.1.len(), CORE.sqlite_tenant.len());
    let node = site.beside().await;
    let scope = node.scope(&acme).await;
    node.database
        .read(&scope)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    assert_eq!(look().await, before);
}

#[tokio::test]
async fn migrations_that_meet_wait_for_each_other() {
    let database = Postgres::shared().await.empty_database().await;
    let folder = tempfile::tempdir().unwrap();
    let mut runs = JoinSet::new();
    for _ in 0..4 {
        let (url, folder) = (database.owner_url(), folder.path().to_owned());
        runs.spawn(async move {
            migrate::postgres(&url, SETS, "tenancy_app").await?;
            let storage = SqlStorage::builder().sqlite(folder).await?;
            migrate::prepare(&storage, SETS).await
        });
    }
    for outcome in runs.join_all().await {
        outcome.unwrap();
    }
    let ledger = ledger_in_postgres(&database.owner_url(), &CORE).await;
    assert_eq!(ledger.len(), CORE.postgres.len());
}

/// The same tables after somebody edited a script that is in ledgers already.
static EDITED: MigrationSet = MigrationSet {
    postgres: &[edited(NOTES.postgres[0])],
    sqlite_tenant: &[edited(NOTES.sqlite_tenant[0])],
    ..NOTES
};

const fn edited(script: Script) -> Script {
    Script {
        sql: "SELECT 1",
        ..script
    }
}

fn check_refusal(outcome: Result<(), tenancy_core::Error>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        cause.contains("migration 1 was previously applied but has been modified"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_script_that_was_edited_after_it_ran_is_refused_by_postgres() {
    let site = Installation::postgres(2).await;
    let url = site.postgres.as_ref().unwrap().owner_url();
    check_refusal(migrate::postgres(&url, &[&EDITED], "tenancy_app").await);
    check_refusal(migrate::prepare(&site.storage, &[&EDITED]).await);
}

#[tokio::test]
async fn a_script_that_was_edited_after_it_ran_is_refused_by_sqlite() {
    static EDITED_CORE: MigrationSet = MigrationSet {
        sqlite_registry: &[edited(CORE.sqlite_registry[0]), CORE.sqlite_registry[1]],
        ..CORE
    };
    let site = Installation::sqlite(2).await;
    let acme = site.add("acme").await;
    check_refusal(migrate::prepare(&site.storage, &[&EDITED_CORE]).await);

    let node = site.beside().await;
    let database = Database::builder(&node.storage, &node.tenants)
        .migrations(&EDITED)
        .build();
    let refused = database.read(&node.scope(&acme).await).await;
    check_refusal(refused.map(drop));
    let scope = node
        .tenants
        .platform(Actor::system("test"))
        .tenant(acme.id)
        .await;
    check_refusal(database.provision(&scope.unwrap()).await);
}

#[tokio::test]
async fn a_database_that_was_not_migrated_is_named_before_it_is_used() {
    let database = Postgres::shared().await.empty_database().await;
    migrate::postgres(&database.owner_url(), &[&CORE], "tenancy_app")
        .await
        .unwrap();
    let storage = SqlStorage::builder().postgres(&database.app_url()).unwrap();
    migrate::prepare(&storage, &[&CORE]).await.unwrap();
    let error = migrate::prepare(&storage, SETS).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("of notes has not been applied"), "{cause}");
}
