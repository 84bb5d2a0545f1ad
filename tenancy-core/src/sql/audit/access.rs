use sqlx::PgConnection;

use super::finding::{Defect, Finding};
use super::survey::Survey;

/// Finds privileges that row-level security does not bind.
///
/// What an owner or a superuser may do comes with being one, and is not told again.
pub(super) async fn findings(
    conn: &mut PgConnection,
    survey: &Survey,
) -> Result<Vec<Finding>, sqlx::Error> {
    // TRUNCATE asks no policy; REFERENCES probes for rows by a foreign key; TRIGGER runs code of
    // the login's as whoever writes next.
    const ON_TABLES: &str = "
        SELECT c.oid::regclass::text, string_agg(DISTINCT privilege_type, ', '),
            string_agg(DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC'
                ELSE quote_ident(pg_get_userbyid(grantee)) END, ', ')
        FROM pg_class AS c, LATERAL (
            SELECT * FROM aclexplode(relacl)
            UNION ALL
            SELECT acl.* FROM pg_attribute, aclexplode(attacl) AS acl
            WHERE attrelid = c.oid AND NOT attisdropped
        ) AS granted
        WHERE c.oid = ANY($1) AND relowner <> ALL($2)
            AND grantee = ANY($2 || 0::oid)
            AND privilege_type IN ('REFERENCES', 'TRIGGER', 'TRUNCATE')
        GROUP BY c.oid ORDER BY 1";
    const ON_SCHEMAS: &str = "
        SELECT quote_ident(nspname),
            string_agg(DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC'
                ELSE quote_ident(pg_get_userbyid(grantee)) END, ', ')
        FROM pg_namespace AS n, aclexplode(nspacl)
        WHERE n.oid IN (SELECT relnamespace FROM pg_class WHERE oid = ANY($1))
            AND nspowner <> ALL($2) AND grantee = ANY($2 || 0::oid) AND privilege_type = 'CREATE'
        GROUP BY n.oid ORDER BY 1";
    let mut findings = Vec::new();
    let tables: Vec<(String, String, String)> = sqlx::query_as(ON_TABLES)
        .bind(survey.declared_ids())
        .bind(survey.login.ids())
        .fetch_all(&mut *conn)
        .await?;
    for (table, privileges, grantees) in tables {
        findings.push(Finding::new(
            Defect::PrivilegeTooWide,
            format!("table {table}"),
            format!("grants {privileges}, which no policy binds"),
            format!("REVOKE {privileges} ON {table} FROM {grantees}"),
        ));
    }
    let schemas: Vec<(String, String)> = sqlx::query_as(ON_SCHEMAS)
        .bind(survey.declared_ids())
        .bind(survey.login.ids())
        .fetch_all(conn)
        .await?;
    for (schema, grantees) in schemas {
        findings.push(Finding::new(
            Defect::SchemaOpen,
            format!("schema {schema}"),
            "lets the login create objects that stand before the owner's",
            format!("REVOKE CREATE ON SCHEMA {schema} FROM {grantees}"),
        ));
    }
    Ok(findings)
}
