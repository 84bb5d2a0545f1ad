//! Indexes that only another server of the same database uses.

use sqlx::{Connection as _, PgConnection};
use tenancy_observability::advisor::{Advice, Advisor, Rule, Severity, Workload};
use tenancy_tests::Postgres;

const SCHEMA: &str =
    "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL, note TEXT);
    INSERT INTO orders SELECT i, i % 4000, repeat('x', 60) FROM generate_series(1, 20000) i;
    CREATE INDEX orders_customer ON orders (customer_id);
    ANALYZE";

/// What is said of indexes that are not used, by a server of whose counts every age will do.
async fn unused(url: &str) -> Vec<Advice> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let advisor = Advisor::new().counted_for_days(0);
    let report = advisor
        .postgres(&mut connection, &Workload::default())
        .await
        .unwrap();
    connection.close().await.unwrap();
    let advice = report.advice.into_iter();
    advice
        .filter(|advice| advice.rule == Rule::UnusedIndex)
        .collect()
}

/// Has a server use the index, and waits until it has counted that.
async fn use_index(url: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("SELECT note FROM orders WHERE customer_id = 7")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    // Counts are told at the end of a connection at the latest.
    connection.close().await.unwrap();
    let mut connection = PgConnection::connect(url).await.unwrap();
    let counted = "SELECT idx_scan > 0 FROM pg_stat_user_indexes \
         WHERE indexrelname = 'orders_customer'";
    while !sqlx::query_scalar::<_, bool>(counted)
        .fetch_one(&mut connection)
        .await
        .unwrap()
    {
        tokio::task::yield_now().await;
    }
    connection.close().await.unwrap();
}

/// That somebody should look, and nothing that removes the index.
fn is_kept(advice: &[Advice]) {
    let [advice] = advice else {
        panic!("{advice:?}")
    };
    assert_eq!(advice.index.as_deref(), Some("orders_customer"));
    assert_eq!(advice.severity, Severity::Info);
    assert_eq!((advice.apply.len(), advice.undo.len()), (0, 0));
    assert!(
        advice.message.contains("of every other server"),
        "{advice:?}"
    );
}

#[tokio::test]
async fn an_index_that_only_a_standby_uses_is_kept() {
    let primary = Postgres::start().await;
    let database = primary.empty_database().await;
    let url = database.superuser_url();
    super::postgres::run(&url, SCHEMA).await.unwrap();
    let alone = unused(&url).await;
    let [advice] = alone.as_slice() else {
        panic!("{alone:?}")
    };
    assert_eq!(advice.severity, Severity::Low);
    assert_eq!(advice.apply, ["DROP INDEX CONCURRENTLY orders_customer"]);

    let standby = primary.standby().await;
    let of_standby = standby.superuser_url(database.name());
    use_index(&of_standby).await;
    is_kept(&unused(&url).await);
    assert_eq!(unused(&of_standby).await.len(), 0);
    // It comes back to the slot that is kept for it.
    standby.stop().await;
    is_kept(&unused(&url).await);
}

#[tokio::test]
async fn an_index_that_only_the_primary_uses_is_kept_where_a_standby_is_asked() {
    let primary = Postgres::start().await;
    let database = primary.empty_database().await;
    let url = database.superuser_url();
    super::postgres::run(&url, SCHEMA).await.unwrap();
    let standby = primary.standby().await;
    use_index(&url).await;
    assert_eq!(unused(&url).await.len(), 0);
    is_kept(&unused(&standby.superuser_url(database.name())).await);
}
