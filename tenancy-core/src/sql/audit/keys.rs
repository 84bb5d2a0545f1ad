use sqlx::PgConnection;
use sqlx::postgres::types::Oid;

use super::finding::{Defect, Finding};
use super::survey::Survey;

/// Finds indexes and keys that do not know of tenants.
///
/// Row-level security does not bind keys: a unique one tells by its violation that another
/// tenant's row is there, a foreign one names that row.
pub(super) async fn findings(
    conn: &mut PgConnection,
    survey: &Survey,
) -> Result<Vec<Finding>, sqlx::Error> {
    let tables = survey.tables.iter().filter(|table| table.column_number > 0);
    let ids: Vec<_> = tables.clone().map(|table| table.id).collect();
    let columns: Vec<i16> = tables.clone().map(|table| table.column_number).collect();

    let mut findings = Vec::new();
    let led: Vec<_> = sqlx::query_scalar(LED)
        .bind(&ids)
        .bind(&columns)
        .fetch_all(&mut *conn)
        .await?;
    for table in tables.clone().filter(|table| !led.contains(&table.id)) {
        let (name, column) = (&table.name, &table.column);
        findings.push(Finding::new(
            Defect::IndexMissing,
            table.object(),
            format!("has no index that leads with {column}"),
            format!("CREATE INDEX ON {name} ({column})"),
        ));
    }
    let unique: Vec<(String, Oid, String)> = sqlx::query_as(UNIQUE)
        .bind(&ids)
        .bind(&columns)
        .fetch_all(&mut *conn)
        .await?;
    for (index, table, columns) in unique {
        let table = tables.clone().find(|found| found.id == table);
        let (name, column) = table.map_or(("", ""), |table| (&table.name, &table.column));
        findings.push(Finding::new(
            Defect::UniqueAcrossTenants,
            format!("index {index}"),
            format!("spans tenants, so that a violation tells of another tenant's row in {name}"),
            format!("make it unique by ({column}, {columns})"),
        ));
    }
    let foreign: Vec<(String, String, String)> = sqlx::query_as(FOREIGN)
        .bind(&ids)
        .bind(&columns)
        .fetch_all(conn)
        .await?;
    for (key, table, parent) in foreign {
        findings.push(Finding::new(
            Defect::ForeignKeyAcrossTenants,
            format!("constraint {key} on {table}"),
            format!("lets a row name another tenant's row of {parent}"),
            "let it begin with the tenant's column on both sides",
        ));
    }
    Ok(findings)
}

const LED: &str = "
    SELECT DISTINCT indrelid FROM unnest($1::oid[], $2::int2[]) AS tenants (id, tenant)
    JOIN pg_index ON indrelid = id
    WHERE indkey[0] = tenant AND indisvalid AND indpred IS NULL";

const UNIQUE: &str = "
    SELECT indexrelid::regclass::text, indrelid,
        (SELECT string_agg(pg_get_indexdef(indexrelid, place, false), ', ' ORDER BY place)
            FROM generate_series(1, indnkeyatts) AS place)
    FROM unnest($1::oid[], $2::int2[]) AS tenants (id, tenant)
    JOIN pg_index ON indrelid = id
    WHERE (indisunique OR indisexclusion)
        AND tenant <> ALL ((indkey::int2[])[0:indnkeyatts - 1])
    ORDER BY 1";

const FOREIGN: &str = "
    SELECT quote_ident(conname), conrelid::regclass::text, confrelid::regclass::text
    FROM pg_constraint
    JOIN unnest($1::oid[], $2::int2[]) AS child (id, tenant) ON child.id = conrelid
    JOIN unnest($1::oid[], $2::int2[]) AS parent (id, tenant) ON parent.id = confrelid
    WHERE contype = 'f' AND conparentid = 0 AND NOT EXISTS (
        SELECT FROM unnest(conkey, confkey) AS pair (own, other)
        WHERE own = child.tenant AND other = parent.tenant
    )
    ORDER BY 2, 1";
