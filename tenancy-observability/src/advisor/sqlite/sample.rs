//! What the columns hold, by some rows from all over the table.

use sqlx::{Row as _, SqliteConnection};

use super::catalog::composed;
use crate::advisor::catalog::{Statistics, Table, quoted};

/// Tables up to this size are read whole.
const ROWS_MAX: f64 = 20_000.0;
/// Of larger ones so many pieces, from all over.
const PIECES: u32 = 20;
/// Columns with no more different values than this have the frequent ones listed.
const LISTED_MAX: f64 = 100.0;

pub(super) async fn take(
    connection: &mut SqliteConnection,
    table: &mut Table,
    statistics: &[(String, Option<String>, String)],
) -> Result<(), sqlx::Error> {
    let own = || statistics.iter().filter(|(name, _, _)| *name == table.name);
    table.is_analyzed = own().next().is_some();
    let name = quoted(&table.name);
    let number = |text: &str| text.split(' ').next()?.parse::<f64>().ok();
    // A partial index counts its own rows only.
    let counted = own().filter_map(|(_, _, numbers)| number(numbers));
    table.rows = match counted.reduce(f64::max) {
        Some(rows) => rows,
        None => count(connection, &name).await?,
    };
    let rows = source(connection, table).await?;
    let mut width = 8.0;
    for place in 0..table.columns.len() {
        let column = quoted(&table.columns[place].name);
        let statistics = column_statistics(connection, &column, &rows, table.rows).await?;
        width += statistics
            .as_ref()
            .map_or(8.0, |statistics| statistics.width_bytes);
        table.columns[place].statistics = statistics;
    }
    table.pages = (table.rows * width / 4096.0 * 1.2).ceil().max(1.0);
    Ok(())
}

async fn count(connection: &mut SqliteConnection, name: &str) -> Result<f64, sqlx::Error> {
    let counted = sqlx::query_scalar::<_, i64>(composed(format!("SELECT count(*) FROM {name}")));
    #[allow(
        clippy::cast_precision_loss,
        reason = "a table has fewer than 2^52 rows"
    )]
    let rows = counted.fetch_one(&mut *connection).await? as f64;
    Ok(rows)
}

/// The rows to look at, as a table in `FROM`.
async fn source(connection: &mut SqliteConnection, table: &Table) -> Result<String, sqlx::Error> {
    let name = quoted(&table.name);
    if table.rows <= ROWS_MAX {
        return Ok(name);
    }
    let bounds = sqlx::query_as::<_, (Option<i64>, Option<i64>)>(composed(format!(
        "SELECT min(rowid), max(rowid) FROM {name}"
    )));
    // A table without row numbers is read from its beginning.
    let Ok((Some(first), Some(last))) = bounds.fetch_one(&mut *connection).await else {
        return Ok(format!("(SELECT * FROM {name} LIMIT {ROWS_MAX})"));
    };
    let limit = ROWS_MAX / f64::from(PIECES);
    let step = (last.saturating_sub(first) / i64::from(PIECES)).max(1);
    let pieces: Vec<_> = (0..i64::from(PIECES))
        .map(|piece| {
            let from = first.saturating_add(step.saturating_mul(piece));
            format!("SELECT * FROM (SELECT * FROM {name} WHERE rowid >= {from} LIMIT {limit})")
        })
        .collect();
    Ok(format!("({})", pieces.join(" UNION ALL ")))
}

async fn column_statistics(
    connection: &mut SqliteConnection,
    column: &str,
    source: &str,
    rows: f64,
) -> Result<Option<Statistics>, sqlx::Error> {
    let asked = format!(
        "SELECT count(*), count({column}), count(DISTINCT {column}), \
         coalesce(avg(length({column})), 1.0) FROM {source}"
    );
    let (seen, filled, distinct, width): (i64, i64, i64, f64) = sqlx::query_as(composed(asked))
        .fetch_one(&mut *connection)
        .await?;
    if seen == 0 {
        return Ok(None);
    }
    #[allow(clippy::cast_precision_loss, reason = "a sample has few rows")]
    let [seen, filled, distinct] = [seen, filled, distinct].map(|number| number as f64);
    // What is nearly always another value stays so in the rows that were not seen.
    let is_open = distinct > 0.1 * filled && rows > seen;
    let mut statistics = Statistics {
        null_fraction: 1.0 - filled / seen,
        distinct: if is_open {
            distinct * rows / seen
        } else {
            distinct
        }
        .max(1.0),
        width_bytes: width.max(1.0),
        common: Vec::new(),
    };
    if distinct <= LISTED_MAX {
        let asked = format!(
            "SELECT CAST({column} AS TEXT), count(*) FROM {source} WHERE {column} IS NOT NULL \
             GROUP BY 1 ORDER BY 2 DESC"
        );
        for row in sqlx::query(composed(asked))
            .fetch_all(&mut *connection)
            .await?
        {
            // A value that is no text is nothing that a statement could be compared with.
            let Ok(value) = row.try_get::<String, _>(0) else {
                continue;
            };
            #[allow(clippy::cast_precision_loss, reason = "a sample has few rows")]
            let share = row.try_get::<i64, _>(1)? as f64 / seen;
            statistics.common.push((value, share));
        }
    }
    Ok(Some(statistics))
}
