use sqlx::PgConnection;

use super::finding::{Defect, Finding};
use super::survey::Survey;

/// Finds functions that the login may call and that run as one whom row-level security does not
/// bind, or as one who can switch it off.
pub(super) async fn findings(
    conn: &mut PgConnection,
    survey: &Survey,
) -> Result<Vec<Finding>, sqlx::Error> {
    // A trigger's function cannot be called by itself.
    const FUNCTIONS: &str = "
        SELECT p.oid::regprocedure::text, quote_ident(rolname)
        FROM pg_proc AS p
        JOIN pg_roles AS owner ON owner.oid = proowner
        JOIN pg_namespace AS n ON n.oid = pronamespace
        WHERE prosecdef AND nspname NOT IN ('information_schema', 'pg_catalog')
            AND prorettype NOT IN ('event_trigger'::regtype, 'trigger'::regtype)
            AND (rolsuper OR rolbypassrls OR EXISTS (
                SELECT FROM pg_class
                WHERE pg_class.oid = ANY($1) AND pg_has_role(proowner, relowner, 'MEMBER')
            ))
            AND EXISTS (
                SELECT FROM unnest($2::oid[]) AS role
                WHERE has_function_privilege(role, p.oid, 'EXECUTE')
                    AND has_schema_privilege(role, n.oid, 'USAGE')
            )
        ORDER BY 1";
    let functions: Vec<(String, String)> = sqlx::query_as(FUNCTIONS)
        .bind(survey.table_ids())
        .bind(survey.login.bound_ids())
        .fetch_all(conn)
        .await?;
    let finding = |(function, owner): (String, String)| {
        Finding::new(
            Defect::DefinerFunction,
            format!("function {function}"),
            format!("runs with the rights of {owner} for whoever calls it"),
            format!(
                "ALTER ROUTINE {function} SECURITY INVOKER, or REVOKE EXECUTE ON ROUTINE \
                 {function} FROM PUBLIC, {}",
                survey.login.name()
            ),
        )
    };
    Ok(functions.into_iter().map(finding).collect())
}
