//! Statements that the server itself has counted.

use sqlx::{Connection as _, PgConnection};
use tenancy_observability::advisor::{Advisor, Rule, Workload};
use tenancy_tests::Postgres;

const SCHEMA: &str =
    "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL, note TEXT);
    INSERT INTO orders SELECT i, i % 4000, repeat('x', 60) FROM generate_series(1, 20000) i;
    ANALYZE;
    GRANT SELECT ON orders TO tenancy_app";

#[tokio::test]
async fn what_the_server_has_counted_is_advised_on_with_its_time() {
    let postgres = Postgres::builder()
        .setting("shared_preload_libraries", "pg_stat_statements")
        .start()
        .await;
    let database = postgres.empty_database().await;
    super::postgres::run(
        &database.superuser_url(),
        "CREATE EXTENSION pg_stat_statements",
    )
    .await
    .unwrap();
    super::postgres::run(&database.owner_url(), SCHEMA)
        .await
        .unwrap();
    let mut app = PgConnection::connect(&database.app_url()).await.unwrap();
    for customer in 0..20 {
        sqlx::query("SELECT note FROM orders WHERE customer_id = $1")
            .bind(i64::from(customer))
            .fetch_all(&mut app)
            .await
            .unwrap();
    }
    let advisor = Advisor::new().counted_for_days(0);
    let report = advisor
        .postgres(&mut app, &Workload::default())
        .await
        .unwrap();
    let missing: Vec<_> = report
        .advice
        .iter()
        .filter(|advice| advice.rule == Rule::MissingIndex)
        .collect();
    let [advice] = missing.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(advice.index.as_deref(), Some("(customer_id)"));
    assert_eq!(
        advice.statements,
        ["SELECT note FROM orders WHERE customer_id = $1"]
    );
    assert!(advice.gain.unwrap() > 0.5, "{advice:?}");
    let own = report.unread.iter().map(|unread| &unread.statement);
    assert_eq!(own.count(), 0, "{:?}", report.unread);
}

#[tokio::test]
async fn an_extension_that_is_not_loaded_is_told_and_holds_nothing_up() {
    let database = Postgres::shared().await.empty_database().await;
    let create = "CREATE EXTENSION pg_stat_statements";
    super::postgres::run(&database.superuser_url(), create)
        .await
        .unwrap();
    let mut app = PgConnection::connect(&database.app_url()).await.unwrap();
    let report = Advisor::new()
        .postgres(&mut app, &Workload::default())
        .await
        .unwrap();
    let [unread] = report.unread.as_slice() else {
        panic!("{report:?}")
    };
    assert!(
        unread.error.contains("shared_preload_libraries"),
        "{unread:?}"
    );
}
