//! Following advice.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_observability::advisor::{Advisor, Applied, ErrorKind};
use tenancy_tests::Postgres;

use super::acceptance::{POSTGRES, SQLITE};
use super::{case, postgres, sqlite};

const VALID: &str = "SELECT count(*) FROM pg_index \
     WHERE indrelid = 'orders'::regclass AND indisvalid AND NOT indisunique";

#[tokio::test]
async fn an_index_is_made_once_and_then_nothing_is_advised() {
    let case = case::named(POSTGRES, "the rows of one customer");
    let database = postgres::prepared(&case).await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let advisor = Advisor::new().counted_for_days(0);
    let report = advisor
        .postgres(&mut owner, &case.workload())
        .await
        .unwrap();
    let [advice] = report.advice.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        advice.apply_postgres(&mut owner).await.unwrap(),
        Applied::Created
    );
    let made: i64 = sqlx::query_scalar(VALID)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(made, 1);
    assert_eq!(
        advice.apply_postgres(&mut owner).await.unwrap(),
        Applied::Present
    );
    let again = advisor
        .postgres(&mut owner, &case.workload())
        .await
        .unwrap();
    assert!(
        again.advice.iter().all(|advice| !advice.is_addition()),
        "{again:?}"
    );
}

#[tokio::test]
async fn one_process_at_a_time_follows_advice_and_a_login_that_owns_nothing_cannot() {
    let case = case::named(POSTGRES, "the rows of one customer");
    let database = postgres::prepared(&case).await;
    let mut other = PgConnection::connect(&database.owner_url()).await.unwrap();
    let mut app = PgConnection::connect(&database.app_url()).await.unwrap();
    let report = Advisor::new()
        .postgres(&mut app, &case.workload())
        .await
        .unwrap();
    let advice = report
        .advice
        .iter()
        .find(|advice| advice.is_addition())
        .unwrap();
    let refused = advice.apply_postgres(&mut app).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotApplied);

    let lock = "SELECT pg_advisory_lock(x'74656e616e637901'::bigint)";
    sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
    let busy = advice.apply_postgres(&mut app).await.unwrap_err();
    assert_eq!(busy.kind(), ErrorKind::Busy);
}

#[tokio::test]
async fn an_index_of_a_sqlite_file_is_made_once() {
    let case = case::named(SQLITE, "an expression");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.db");
    sqlite::make(&file, &case.fixture_sql).await;
    let report = Advisor::new()
        .sqlite(&file, &case.workload())
        .await
        .unwrap();
    let [advice] = report.advice.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(advice.apply_sqlite(&file).await.unwrap(), Applied::Created);
    assert_eq!(advice.apply_sqlite(&file).await.unwrap(), Applied::Present);
    let again = Advisor::new()
        .sqlite(&file, &case.workload())
        .await
        .unwrap();
    assert!(again.advice.is_empty(), "{again:?}");
}

#[tokio::test]
async fn of_advice_for_many_schemas_all_is_followed_and_a_failure_takes_back_only_its_own() {
    const MADE: &str = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         WHERE c.relname = 'lines' AND i.indisvalid";
    let database = Postgres::shared().await.empty_database().await;
    let schemas = "DO $$ BEGIN FOR i IN 1..3 LOOP
        EXECUTE format('CREATE SCHEMA shop%s', i);
        EXECUTE format('CREATE TABLE shop%s.orders (id bigint PRIMARY KEY)', i);
        EXECUTE format('CREATE TABLE shop%s.lines (order_id bigint REFERENCES shop%s.orders)', i, i);
        END LOOP; END $$";
    postgres::run(&database.owner_url(), schemas).await.unwrap();
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let report = Advisor::new()
        .postgres(&mut owner, &[].into_iter().collect())
        .await;
    let mut report = report.unwrap();
    let advice = report.advice.iter_mut().find(|advice| advice.is_addition());
    let advice = advice.unwrap();
    assert_eq!(advice.schemas.len(), 3, "{advice:?}");
    let made = async |owner: &mut PgConnection| -> i64 {
        let count = sqlx::query_scalar(MADE).fetch_one(owner).await;
        count.unwrap()
    };

    // Somebody made the first; the third fails, after the second was made.
    sqlx::raw_sql(AssertSqlSafe(advice.apply[0].clone()))
        .execute(&mut owner)
        .await
        .unwrap();
    let third = std::mem::replace(&mut advice.apply[2], "SELECT 1 / 0".to_owned());
    let failed = advice.apply_postgres(&mut owner).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::NotApplied);
    assert_eq!(made(&mut owner).await, 1);

    advice.apply[2] = third;
    let applied = advice.apply_postgres(&mut owner).await.unwrap();
    assert_eq!(applied, Applied::Created);
    assert_eq!(made(&mut owner).await, 3);
    let applied = advice.apply_postgres(&mut owner).await.unwrap();
    assert_eq!(applied, Applied::Present);
}

#[tokio::test]
async fn what_removes_something_is_left_to_people() {
    let case = case::named(POSTGRES, "the same index twice");
    let database = postgres::prepared(&case).await;
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    let advisor = Advisor::new().counted_for_days(0);
    let report = advisor
        .postgres(&mut owner, &case.workload())
        .await
        .unwrap();
    let before: i64 = sqlx::query_scalar(VALID)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    for advice in &report.advice {
        assert_eq!(
            advice.apply_postgres(&mut owner).await.unwrap(),
            Applied::LeftAlone
        );
    }
    let after: i64 = sqlx::query_scalar(VALID)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(after, before);
}
