use sqlx::PgConnection;
use sqlx::postgres::types::Oid;

use super::finding::{Defect, Finding};
use super::login::Login;

/// A partition, an heir or an ancestor of a tenants' table. Whoever uses it by itself meets its own
/// policies and not the table's.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Part {
    pub(super) id: Oid,
    name: String,
    table: String,
    /// Whether the login may use it by itself.
    is_open: bool,
}

impl Part {
    /// Those that were not declared to be tenants' tables themselves.
    pub(super) async fn all(
        conn: &mut PgConnection,
        tables: &[Oid],
        login: &Login,
    ) -> Result<Vec<Self>, sqlx::Error> {
        const PARTS: &str = "
            WITH RECURSIVE below (id, origin) AS (
                SELECT declared, declared FROM unnest($1::oid[]) AS declared
                UNION SELECT inhrelid, origin FROM below JOIN pg_inherits ON inhparent = id
            ), above (id, origin) AS (
                SELECT declared, declared FROM unnest($1::oid[]) AS declared
                UNION SELECT inhparent, origin FROM above JOIN pg_inherits ON inhrelid = id
            )
            SELECT id, id::regclass::text AS name, min(origin::regclass::text) AS \"table\",
                EXISTS (
                    SELECT FROM unnest($2::oid[]) AS role
                    WHERE has_table_privilege(role, id, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                        OR has_any_column_privilege(role, id, 'SELECT, INSERT, UPDATE')
                ) AS is_open
            FROM (TABLE below UNION TABLE above) AS family
            WHERE id <> ALL ($1)
            GROUP BY id ORDER BY name";
        sqlx::query_as(PARTS)
            .bind(tables)
            .bind(login.bound_ids())
            .fetch_all(conn)
            .await
    }

    pub(super) fn finding(&self, login: &Login) -> Option<Finding> {
        let (name, login) = (&self.name, login.name());
        self.is_open.then(|| {
            Finding::new(
                Defect::PartOpen,
                format!("table {name}"),
                format!("holds or shows rows of {} without its policies", self.table),
                format!("REVOKE ALL ON {name} FROM PUBLIC, {login}, or declare it as tenants' too"),
            )
        })
    }
}
