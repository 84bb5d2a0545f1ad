use std::time::Duration;

use axum::extract::{Path, State};
use http::StatusCode;
use log::LevelFilter;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Error};

/// From when on a statement is slow.
pub(crate) const SLOW: Duration = Duration::from_millis(1);

/// What the server did before: it adds up more than it should.
const SUM: &str = "WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) \
     SELECT SUM(i) FROM n";

/// The server's own database, whose driver tells of slow statements.
pub(crate) async fn open() -> Result<SqlitePool, Error> {
    let options = SqliteConnectOptions::new().in_memory(true);
    let options = options.log_slow_statements(LevelFilter::Warn, SLOW);
    SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
}

pub(crate) async fn show(
    State(pool): State<SqlitePool>,
    Path(id): Path<i64>,
) -> Result<String, StatusCode> {
    let sum = sqlx::query_scalar::<_, i64>(SUM)
        .bind(id)
        .fetch_one(&pool)
        .await;
    let sum = sum.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("order {id}: {sum}"))
}

pub(crate) async fn note(Path(id): Path<i64>, note: String) -> String {
    format!("order {id}: {note}")
}
