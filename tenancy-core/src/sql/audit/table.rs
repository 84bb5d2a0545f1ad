use sqlx::PgConnection;
use sqlx::postgres::types::Oid;

use super::finding::{Defect, Finding};
use crate::sql::policy::KeyType;

/// A declared table of tenants' rows, as PostgreSQL knows it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct TenantRelation {
    pub(super) id: Oid,
    /// With its schema, quoted where it needs to be.
    pub(super) name: String,
    /// The column that says whose a row is, quoted where it needs to be.
    pub(super) column: String,
    /// Its place in the table, zero when it is not there.
    pub(super) column_number: i16,
    /// Its type's name, empty when it is not there.
    column_type: String,
    /// Whether it takes values for equal only if they are the same.
    is_exact: bool,
    pub(super) is_table: bool,
    is_enabled: bool,
    is_forced: bool,
    /// Whether the transaction's own role may read it.
    pub(super) is_readable: bool,
}

impl TenantRelation {
    pub(super) async fn all(
        conn: &mut PgConnection,
        declared: &[(Oid, &str)],
    ) -> Result<Vec<Self>, sqlx::Error> {
        const TABLES: &str = "
            SELECT id, id::regclass::text AS name, quote_ident(tenant_column) AS \"column\",
                coalesce(attnum, 0::int2) AS column_number,
                coalesce(atttypid::regtype::text, '') AS column_type,
                coalesce(collisdeterministic, true) AS is_exact, relkind IN ('r', 'p') AS is_table,
                relrowsecurity AS is_enabled, relforcerowsecurity AS is_forced,
                has_schema_privilege(relnamespace, 'USAGE')
                    AND has_any_column_privilege(id, 'SELECT') AS is_readable
            FROM unnest($1::oid[], $2::text[]) AS declared (id, tenant_column)
            JOIN pg_class AS c ON c.oid = id
            LEFT JOIN pg_attribute
                ON attrelid = id AND attname = tenant_column AND attnum > 0 AND NOT attisdropped
            LEFT JOIN pg_collation AS l ON l.oid = attcollation
            ORDER BY name";
        let (ids, columns): (Vec<Oid>, Vec<&str>) = declared.iter().copied().unzip();
        sqlx::query_as(TABLES)
            .bind(ids)
            .bind(columns)
            .fetch_all(conn)
            .await
    }

    pub(super) fn object(&self) -> String {
        format!("table {}", self.name)
    }

    /// How a policy has to compare the tenant's column, as PostgreSQL prints it.
    pub(super) fn comparison_printed(&self) -> Option<String> {
        let key = self.key()?;
        let column = match &*self.column_type {
            // Printed like a cast, and none: the index is used.
            "character varying" => format!("({})::text", self.column),
            _ => self.column.clone(),
        };
        Some(format!("({column} = {})", key.tenant_printed()))
    }

    /// The same, to be written.
    pub(super) fn comparison(&self) -> Option<String> {
        Some(format!("{} = {}", self.column, self.key()?.tenant()))
    }

    fn key(&self) -> Option<KeyType> {
        match &*self.column_type {
            "bigint" | "integer" | "smallint" => Some(KeyType::Bigint),
            "character varying" | "text" => Some(KeyType::Text),
            "uuid" => Some(KeyType::Uuid),
            _ => None,
        }
    }

    /// What is wrong with the table itself; nothing more can be told of it without a column.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let (name, column) = (&self.name, &self.column);
        let finding =
            |defect, problem: &str, fix: String| Finding::new(defect, self.object(), problem, fix);
        if self.column_number == 0 {
            let problem = format!("has no column {column} to say whose its rows are");
            let fix = "add the column, or declare the one that says it".to_owned();
            return vec![finding(Defect::TenantColumn, &problem, fix)];
        }
        let mut findings = Vec::new();
        if self.key().is_none() {
            let problem = format!("names tenants in {column} by the type {}", self.column_type);
            let fix = "make it uuid, bigint or text".to_owned();
            findings.push(finding(Defect::TenantColumn, &problem, fix));
        }
        if !self.is_exact {
            let problem = format!("takes different values of {column} for equal");
            let fix = format!("ALTER TABLE {name} ALTER COLUMN {column} TYPE text COLLATE \"C\"");
            findings.push(finding(Defect::TenantColumn, &problem, fix));
        }
        if !self.is_enabled {
            let problem = "has row-level security switched off";
            let fix =
                format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
            findings.push(finding(Defect::RowSecurityOff, problem, fix));
        } else if !self.is_forced {
            let problem = "does not force row-level security on its owner";
            let fix = format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY");
            findings.push(finding(Defect::RowSecurityUnforced, problem, fix));
        }
        findings
    }
}
