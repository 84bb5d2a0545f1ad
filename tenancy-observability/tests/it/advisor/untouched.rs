//! What the advisor reads stays as it was, and works on meanwhile.

use std::collections::BTreeSet;
use std::fs;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tenancy_observability::advisor::Advisor;
use tenancy_tests::Postgres;

use super::acceptance::{POSTGRES, SQLITE};
use super::{case, postgres, sqlite};

const LOCKS: &str = "SELECT mode FROM pg_locks WHERE locktype = 'relation' AND pid = $1 AND granted \
     AND relation::regclass::text = 'orders'";

const OBJECTS: &str = "SELECT array_agg(relname || ' ' || relkind::text ORDER BY relname)::text FROM pg_class \
     WHERE relnamespace = 'public'::regnamespace";

/// The locks on `orders` that a session holds while some work goes on.
async fn locks_during<T>(
    watcher: &mut PgConnection,
    pid: i32,
    work: impl Future<Output = T>,
) -> (BTreeSet<String>, T) {
    let mut seen = BTreeSet::new();
    tokio::pin!(work);
    loop {
        let look = sqlx::query_scalar::<_, String>(LOCKS)
            .bind(pid)
            .fetch_all(&mut *watcher);
        tokio::select! {
            done = &mut work => return (seen, done),
            locks = look => seen.extend(locks.unwrap()),
        }
    }
}

async fn pid(connection: &mut PgConnection) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_primary_is_never_locked_and_keeps_its_schema_and_its_prepared_statements() {
    let case = case::named(POSTGRES, "the rows of one customer");
    let database = postgres::prepared(&case).await;
    let scratch = Postgres::shared().await.empty_database().await;
    let mut watcher = PgConnection::connect(&database.superuser_url())
        .await
        .unwrap();
    let mut connection = PgConnection::connect(&database.app_url()).await.unwrap();
    let mut copy = PgConnection::connect(&scratch.superuser_url())
        .await
        .unwrap();
    let prepare = "PREPARE mine (bigint) AS SELECT count(*) FROM orders WHERE id = $1";
    sqlx::raw_sql(prepare)
        .execute(&mut connection)
        .await
        .unwrap();
    let before: String = sqlx::query_scalar(OBJECTS)
        .fetch_one(&mut watcher)
        .await
        .unwrap();

    let pid = pid(&mut connection).await;
    let (advisor, workload) = (Advisor::new(), case.workload());
    let advise = advisor.postgres_with_copy(&mut connection, &mut copy, &workload);
    let (locks, report) = locks_during(&mut watcher, pid, advise).await;
    assert_eq!(report.unwrap().advice.len(), 1);
    let harmless = BTreeSet::from(["AccessShareLock".to_owned()]);
    assert!(locks.is_subset(&harmless), "{locks:?}");

    let after: String = sqlx::query_scalar(OBJECTS)
        .fetch_one(&mut watcher)
        .await
        .unwrap();
    assert_eq!(after, before);
    let left: Option<String> = sqlx::query_scalar(OBJECTS)
        .fetch_one(&mut copy)
        .await
        .unwrap();
    assert_eq!(left, None);
    let roles = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tenancy_advisor%'";
    let roles: i64 = sqlx::query_scalar(roles)
        .fetch_one(&mut copy)
        .await
        .unwrap();
    assert_eq!(roles, 0);
    let prepared: Vec<String> =
        sqlx::query_scalar("SELECT name FROM pg_prepared_statements WHERE from_sql")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(prepared, ["mine"]);
    let execute = sqlx::raw_sql("EXECUTE mine (1)")
        .fetch_one(&mut connection)
        .await;
    assert!(execute.is_ok(), "{execute:?}");
}

#[tokio::test]
async fn an_index_made_on_the_primary_would_be_seen_to_lock_it() {
    let case = case::named(POSTGRES, "the rows of one customer");
    let database = postgres::prepared(&case).await;
    let mut watcher = PgConnection::connect(&database.superuser_url())
        .await
        .unwrap();
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let pid = pid(&mut owner).await;
    let make = async {
        let mut transaction = owner.begin().await.unwrap();
        let create = "CREATE INDEX tried ON orders (customer_id)";
        sqlx::raw_sql(create)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
    };
    let (locks, ()) = locks_during(&mut watcher, pid, make).await;
    assert!(locks.contains("ShareLock"), "{locks:?}");
}

#[tokio::test]
async fn a_statement_behind_a_statement_is_not_run() {
    let case = case::named(POSTGRES, "the rows of one customer");
    let database = postgres::prepared(&case).await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let hostile = "SELECT * FROM orders WHERE customer_id = $1; COMMIT; DROP TABLE orders";
    let statement = tenancy_observability::advisor::Statement::new(hostile);
    let report = Advisor::new()
        .postgres(&mut owner, &[statement].into_iter().collect())
        .await;
    assert_eq!(report.unwrap().unread.len(), 1);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(rows, 30_000);
}

#[tokio::test]
async fn a_sqlite_file_in_use_stays_as_it_is() {
    let case = case::named(SQLITE, "the rows of one customer");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.db");
    sqlite::make(&file, &case.fixture_sql).await;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
    let mut writer = options.connect().await.unwrap();
    let write = "UPDATE orders SET note = 'new' WHERE id = 1";
    sqlx::raw_sql(AssertSqlSafe(write))
        .execute(&mut writer)
        .await
        .unwrap();
    let mut transaction = writer.begin().await.unwrap();
    sqlx::raw_sql("UPDATE orders SET note = 'newer' WHERE id = 2")
        .execute(&mut *transaction)
        .await
        .unwrap();

    let log = folder.path().join("case.db-wal");
    let before = (fs::read(&file).unwrap(), fs::read(&log).unwrap());
    assert!(!before.1.is_empty());
    let report = Advisor::new()
        .sqlite(&file, &case.workload())
        .await
        .unwrap();
    assert_eq!(report.advice.len(), 1, "{report:?}");
    let after = (fs::read(&file).unwrap(), fs::read(&log).unwrap());
    assert!(after == before, "the file or its log has changed");
    transaction.commit().await.unwrap();
}
