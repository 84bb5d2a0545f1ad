//! What a foreign key's index saves, in rows: the plan of a deletion does not tell.

use sqlx::{Connection as _, PgConnection};
use tenancy_observability::advisor::{Advisor, Applied, Rule, Workload};
use tenancy_tests::Postgres;

use super::postgres;

const SCHEMA: &str = "CREATE TABLE parents (id BIGINT PRIMARY KEY);
    CREATE TABLE children (id BIGINT PRIMARY KEY, parent_id BIGINT NOT NULL REFERENCES parents);
    INSERT INTO parents SELECT generate_series(1, 1000);
    INSERT INTO children SELECT i, 51 + i % 950 FROM generate_series(1, 20000) i;
    ANALYZE";

/// How many rows of the children the deletion of fifty parents reads one after another.
async fn rows_read(connection: &mut PgConnection) -> i64 {
    let mut transaction = connection.begin().await.unwrap();
    sqlx::raw_sql("DELETE FROM parents WHERE id <= 50")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let rows =
        "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relid = 'children'::regclass";
    let rows = sqlx::query_scalar(rows).fetch_one(&mut *transaction).await;
    transaction.rollback().await.unwrap();
    rows.unwrap()
}

#[tokio::test]
async fn deleting_fifty_parents_reads_all_children_for_each_until_the_advice_is_followed() {
    let database = Postgres::shared().await.empty_database().await;
    postgres::run(&database.owner_url(), SCHEMA).await.unwrap();
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    assert_eq!(rows_read(&mut owner).await, 50 * 20_000);

    let advisor = Advisor::new().counted_for_days(0);
    let report = advisor.postgres(&mut owner, &Workload::default()).await;
    let report = report.unwrap();
    let [advice] = report.advice.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(advice.rule, Rule::UnindexedForeignKey);
    let applied = advice.apply_postgres(&mut owner).await.unwrap();
    assert_eq!(applied, Applied::Created);

    // The plans of the checks were made without it.
    let mut owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    assert_eq!(rows_read(&mut owner).await, 0);
}
