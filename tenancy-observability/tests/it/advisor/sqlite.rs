//! Cases on SQLite.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tenancy_observability::advisor::{Advisor, Report};

use super::case::Case;

pub(super) async fn advise(case: &Case) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.db");
    make(&file, &format!("{}\n{}", case.fixture_sql, case.setup)).await;
    let report = Advisor::new().sqlite(&file, &case.workload()).await;
    report.unwrap_or_else(|error| panic!("{}: {error:?}", case.name))
}

pub(super) async fn make(file: &Path, sql: &str) {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
