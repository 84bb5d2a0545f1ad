use sqlx::PgConnection;

use super::finding::{Defect, Finding};
use super::survey::Survey;

/// Finds views that show tenants' rows past their policies, to a login that may use them or
/// others over them.
pub(super) async fn findings(
    conn: &mut PgConnection,
    survey: &Survey,
) -> Result<Vec<Finding>, sqlx::Error> {
    // A view reads its relations as its owner, and with `security_invoker` as whoever asked first.
    // What it reads of a part of a table meets no policy at all. A materialized view is a copy: what
    // it was filled from, however indirectly, is in it.
    const VIEWS: &str = "
        WITH RECURSIVE reads (view, relation) AS (
            SELECT DISTINCT ev_class, refobjid
            FROM pg_rewrite
            JOIN pg_class ON pg_class.oid = ev_class AND relkind IN ('v', 'm')
            JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
                AND refclassid = 'pg_class'::regclass AND refobjid <> ev_class
        ), used (id) AS (
            SELECT c.oid FROM pg_class AS c JOIN reads ON view = c.oid
            WHERE EXISTS (
                SELECT FROM unnest($2::oid[]) AS role
                WHERE has_table_privilege(role, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
                    OR has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE')
            )
            UNION
            SELECT relation FROM used JOIN reads ON view = used.id
            JOIN pg_class ON pg_class.oid = view AND relkind = 'v'
        ), shows (id) AS (
            SELECT unnest($1::oid[] || $3::oid[])
            UNION
            SELECT view FROM shows JOIN reads ON relation = shows.id
        )
        SELECT v.oid::regclass::text, relkind = 'm', quote_ident(rolname)
        FROM pg_class AS v JOIN pg_roles AS owner ON owner.oid = relowner
        WHERE v.oid IN (SELECT id FROM used) AND CASE relkind
            WHEN 'm' THEN v.oid IN (SELECT id FROM shows)
            WHEN 'v' THEN EXISTS (
                    SELECT FROM reads WHERE view = v.oid AND (relation = ANY($3)
                        OR relation = ANY($1) AND (rolsuper OR rolbypassrls))
                )
                AND NOT EXISTS (
                    SELECT FROM pg_options_to_table(reloptions)
                    WHERE option_name = 'security_invoker' AND option_value::boolean
                )
        END
        ORDER BY 1";
    let views: Vec<(String, bool, String)> = sqlx::query_as(VIEWS)
        .bind(survey.table_ids())
        .bind(survey.login.bound_ids())
        .bind(survey.part_ids())
        .fetch_all(conn)
        .await?;
    let finding = |(view, is_materialized, owner): (String, bool, String)| {
        if is_materialized {
            Finding::new(
                Defect::MaterializedView,
                format!("materialized view {view}"),
                "is a copy of all tenants' rows, which can have no policies",
                format!("REVOKE ALL ON {view} FROM PUBLIC, {}", survey.login.name()),
            )
        } else {
            Finding::new(
                Defect::ViewExempt,
                format!("view {view}"),
                format!("shows tenants' rows as {owner} sees them, past the policies"),
                format!("ALTER VIEW {view} SET (security_invoker = true)"),
            )
        }
    };
    Ok(views.into_iter().map(finding).collect())
}
