use super::identifier::Identifier;
use super::key_type::KeyType;

/// A table whose rows belong to tenants, by a column of its own.
///
/// See the [module docs](super) for an example.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct TenantTable {
    schema: Option<Identifier>,
    name: Identifier,
    column: Identifier,
    key: KeyType,
}

impl TenantTable {
    /// A table with a column `tenant_id`.
    pub fn new(name: Identifier, key: KeyType) -> Self {
        let column = "tenant_id".parse().expect("a short name");
        Self {
            schema: None,
            name,
            column,
            key,
        }
    }

    /// Sets the column that says whose a row is. Default: `tenant_id`.
    pub fn column(mut self, column: Identifier) -> Self {
        self.column = column;
        self
    }

    /// Sets the schema. Default: the first one in the search path that has such a table.
    pub fn schema(mut self, schema: Identifier) -> Self {
        self.schema = Some(schema);
        self
    }

    /// The statements that keep the tenants' rows apart and let `role`, which the server logs in
    /// with, read and change them.
    ///
    /// To be run by the table's owner, in one transaction. Running it again changes nothing, and
    /// mends what was taken away. It blocks writers while it makes the index, where the table has
    /// none that leads with the column; on a large table make it beforehand, with `CREATE INDEX
    /// CONCURRENTLY`. Rows without a tenant become invisible to everybody. Other policies of the
    /// table stay, and can only narrow what a tenant sees. A key column fed by a sequence of its
    /// own needs `GRANT USAGE` on that sequence besides.
    pub fn migration(&self, role: &Identifier) -> String {
        let table = self.qualified();
        let mut sql = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n\
             ALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n\
             {};\n\
             {}",
            self.policies().join(";\n"),
            self.index_if_missing(),
        );
        if let Some(schema) = &self.schema {
            sql += &format!("GRANT USAGE ON SCHEMA {schema} TO {role};\n");
        }
        sql += &format!(
            "REVOKE TRUNCATE, REFERENCES, TRIGGER ON {table} FROM PUBLIC, {role};\n\
             GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role};\n"
        );
        sql
    }

    /// The name in quotes, with its schema where that is set.
    pub(crate) fn qualified(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.to_string(),
        }
    }

    pub(crate) fn tenant_column(&self) -> &Identifier {
        &self.column
    }

    /// A policy that lets everything through, since without any nothing is; and the restrictive
    /// one, which no further policy can widen.
    pub(crate) fn policies(&self) -> [String; 4] {
        let table = self.qualified();
        let rows = format!("{} = {}", self.column, self.key.tenant());
        [
            format!("DROP POLICY IF EXISTS tenancy_open ON {table}"),
            format!("CREATE POLICY tenancy_open ON {table} USING (true) WITH CHECK (true)"),
            format!("DROP POLICY IF EXISTS tenancy_isolation ON {table}"),
            format!(
                "CREATE POLICY tenancy_isolation ON {table} AS RESTRICTIVE\n    \
                 USING ({rows})\n    \
                 WITH CHECK ({rows})"
            ),
        ]
    }

    fn index_if_missing(&self) -> String {
        let table = self.qualified();
        let column = &self.column;
        let (table_text, column_text) = (literal(&table), literal(column.as_str()));
        let body = format!(
            "BEGIN\n    \
                 IF NOT EXISTS (\n        \
                     SELECT FROM pg_index JOIN pg_attribute\n            \
                         ON attrelid = indrelid AND attnum = indkey[0]\n        \
                     WHERE indrelid = {table_text}::regclass AND attname = {column_text}\n            \
                         AND indisvalid AND indpred IS NULL\n    \
                 ) THEN\n        \
                     CREATE INDEX ON {table} ({column});\n    \
                 END IF;\n\
             END"
        );
        let mut quote = "$tenancy$".to_owned();
        while body.contains(&quote) {
            quote.insert(1, '_');
        }
        format!("DO {quote} {body} {quote};\n")
    }
}

/// A string constant, in any setting of `standard_conforming_strings`.
fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}
