use sqlx::PgConnection;

use super::finding::{Defect, Finding};
use super::survey::Survey;

/// Finds tables that the login may touch, that name tenants, and that nobody spoke of.
pub(super) async fn findings(
    conn: &mut PgConnection,
    survey: &Survey,
    tenant_columns: &[&str],
) -> Result<Vec<Finding>, sqlx::Error> {
    const TABLES: &str = "
        SELECT c.oid::regclass::text, quote_ident(attname)
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = relnamespace
        JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
        WHERE relkind IN ('f', 'p', 'r') AND attname = ANY($1) AND c.oid <> ALL($2)
            AND nspname NOT IN ('information_schema', 'pg_catalog') AND relpersistence <> 't'
            AND EXISTS (
                SELECT FROM unnest($3::oid[]) AS role
                WHERE has_schema_privilege(role, n.oid, 'USAGE')
                    AND (has_table_privilege(role, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
                        OR has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE'))
            )
        ORDER BY 1";
    let tables: Vec<(String, String)> = sqlx::query_as(TABLES)
        .bind(tenant_columns)
        .bind(survey.known_ids())
        .bind(survey.login.bound_ids())
        .fetch_all(conn)
        .await?;
    let finding = |(table, column): (String, String)| {
        Finding::new(
            Defect::TableUndeclared,
            format!("table {table}"),
            format!("names tenants in {column}, and nobody said whose its rows are"),
            format!(
                "declare it as a tenants' table or as the platform's, or REVOKE ALL ON {table} \
                 FROM {}",
                survey.login.name()
            ),
        )
    };
    Ok(tables.into_iter().map(finding).collect())
}
