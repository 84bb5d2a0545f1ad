use sqlx::PgConnection;
use sqlx::postgres::types::Oid;

use super::declared::Declared;
use super::finding::{Defect, Finding};
use super::login::Login;
use super::parts::Part;
use super::table::TenantRelation;

/// What the checks look at: the login, and what the declared names stand for in this database.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) login: Login,
    pub(super) tables: Vec<TenantRelation>,
    pub(super) parts: Vec<Part>,
    pub(super) platform: Vec<Oid>,
    /// Declared names that stand for something else than a table.
    others: Vec<TenantRelation>,
    /// Declared names that nothing answers to.
    missing: Vec<String>,
    server: i32,
}

impl Survey {
    /// To be made inside a transaction, whose search path it narrows: from then on PostgreSQL
    /// prints every name with its schema, and takes none of another's for its own.
    pub(super) async fn of(
        conn: &mut PgConnection,
        declared: &Declared,
    ) -> Result<Self, sqlx::Error> {
        const NARROW: &str = "SET LOCAL search_path = pg_catalog, pg_temp";
        const SERVER: &str = "SELECT current_setting('server_version_num')::int";
        let names: Vec<&str> = declared.tenant.iter().map(|(name, _)| &**name).collect();
        let tenant = resolve(conn, &names).await?;
        let platform = resolve(conn, &declared.platform).await?;
        sqlx::query(NARROW).execute(&mut *conn).await?;

        let login = Login::of(conn).await?;
        let mut missing = Vec::new();
        let mut found = Vec::new();
        for ((name, column), id) in declared.tenant.iter().zip(tenant) {
            match id {
                Some(id) => found.push((id, &**column)),
                None => missing.push(name.clone()),
            }
        }
        let (tables, others) = TenantRelation::all(conn, &found)
            .await?
            .into_iter()
            .partition::<Vec<_>, _>(|relation| relation.is_table);
        let ids: Vec<Oid> = tables.iter().map(|table| table.id).collect();
        Ok(Self {
            parts: Part::all(conn, &ids, &login).await?,
            login,
            tables,
            others,
            platform: platform.into_iter().flatten().collect(),
            missing,
            server: sqlx::query_scalar(SERVER).fetch_one(conn).await?,
        })
    }

    /// The tables of tenants, as PostgreSQL knows them.
    pub(super) fn table_ids(&self) -> Vec<Oid> {
        self.tables.iter().map(|table| table.id).collect()
    }

    /// The tables of tenants and of the platform.
    pub(super) fn declared_ids(&self) -> Vec<Oid> {
        let mut ids = self.table_ids();
        ids.extend(&self.platform);
        ids
    }

    pub(super) fn part_ids(&self) -> Vec<Oid> {
        self.parts.iter().map(|part| part.id).collect()
    }

    /// The declared ones, and what holds rows of theirs.
    pub(super) fn known_ids(&self) -> Vec<Oid> {
        let mut ids = self.declared_ids();
        ids.extend(self.part_ids());
        ids
    }

    /// Tables that were declared and are none.
    pub(super) fn missing(&self) -> impl Iterator<Item = Finding> {
        let missing = self.missing.iter().map(|name| {
            Finding::new(
                Defect::TableMissing,
                format!("table {name}"),
                "is declared and not to be found in the login's search path",
                "migrate the database, or set the login's search_path",
            )
        });
        let others = self.others.iter().map(|relation| {
            Finding::new(
                Defect::TableMissing,
                relation.object(),
                "is declared and can have no policies, being no table",
                "declare the table beneath it",
            )
        });
        missing.chain(others)
    }

    pub(super) fn outdated(&self) -> Option<Finding> {
        outdated(self.server)
    }
}

/// Holes of the server's own that let rows or statistics past row-level security
/// (CVE-2024-10976, CVE-2025-8713).
fn outdated(server: i32) -> Option<Finding> {
    const MENDED: [(i32, i32); 3] = [(15, 14), (16, 10), (17, 6)];
    let (major, minor) = (server / 10_000, server % 10_000);
    let (major_needed, minor_needed) = MENDED
        .into_iter()
        .find(|(needed, _)| major <= *needed)
        .filter(|needed| (major, minor) < *needed)?;
    Some(Finding::new(
        Defect::ServerOutdated,
        format!("server {major}.{minor}"),
        "has known holes in row-level security",
        format!("update PostgreSQL to {major_needed}.{minor_needed} or newer"),
    ))
}

async fn resolve(
    conn: &mut PgConnection,
    names: &[impl AsRef<str>],
) -> Result<Vec<Option<Oid>>, sqlx::Error> {
    const RESOLVE: &str = "
        SELECT to_regclass(name)::oid FROM unnest($1::text[]) WITH ORDINALITY AS named (name, place)
        ORDER BY place";
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    sqlx::query_scalar(RESOLVE)
        .bind(names)
        .fetch_all(conn)
        .await
}

#[cfg(test)]
mod tests {
    use super::outdated;

    #[test]
    fn a_server_with_known_holes_is_told_what_to_update_to() {
        let check = |server: i32, expected: Option<&str>| {
            let fix = outdated(server).map(|finding| finding.fix.to_string());
            let expected = expected.map(|to| format!("update PostgreSQL to {to} or newer"));
            assert_eq!(fix, expected, "{server}");
        };
        check(14_00_22, Some("15.14"));
        check(15_00_13, Some("15.14"));
        check(15_00_14, None);
        check(16_00_09, Some("16.10"));
        check(17_00_05, Some("17.6"));
        check(17_00_06, None);
        check(18_00_00, None);
    }
}
