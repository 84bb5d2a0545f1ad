//! What the server itself has counted, where its extension `pg_stat_statements` is there.

use std::time::Duration;

use sqlx::{PgConnection, Row as _};

use crate::advisor::workload::Statement;

const IS_THERE: &str = "SELECT to_regclass('pg_stat_statements') IS NOT NULL";

const TOP: &str = "SELECT query, calls, (total_plan_time + total_exec_time)::float8 AS milliseconds \
     FROM pg_stat_statements WHERE toplevel AND query IS NOT NULL \
       AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
       AND query ~* '^\\s*(/\\*.*\\*/\\s*)?(select|with|insert|update|delete)\\M' \
       AND query !~* '\\m(pg_catalog|information_schema|pg_[a-z_]+)\\M' \
     ORDER BY total_plan_time + total_exec_time DESC LIMIT $1";

pub(in crate::advisor) async fn read(
    connection: &mut PgConnection,
    statements_max: i64,
) -> Result<Vec<Statement>, sqlx::Error> {
    let is_there: bool = sqlx::query_scalar(IS_THERE)
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(TOP)
        .bind(statements_max)
        .fetch_all(&mut *connection)
        .await?;
    let mut statements = Vec::with_capacity(rows.len());
    for row in rows {
        let milliseconds: f64 = row.try_get("milliseconds")?;
        let statement = Statement::new(row.try_get::<String, _>("query")?)
            .calls(
                row.try_get::<i64, _>("calls")?
                    .try_into()
                    .unwrap_or_default(),
            )
            .total_time(Duration::from_secs_f64(milliseconds.max(0.0) / 1000.0));
        statements.push(statement);
    }
    Ok(statements)
}
