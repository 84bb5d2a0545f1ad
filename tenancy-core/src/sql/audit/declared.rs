use crate::sql::migrate::MigrationSet;
use crate::sql::policy::{Identifier, TenantTable, quote};

/// The column that says whose a row is, unless a table says otherwise.
const TENANT_COLUMN: &str = "tenant_id";

/// What the application says of its tables. Names are quoted, and looked up along the login's
/// search path as its statements are.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    /// Tables with tenants' rows, each with the column that says whose.
    pub(super) tenant: Vec<(String, String)>,
    /// Tables without tenants' content.
    pub(super) platform: Vec<String>,
}

impl Declared {
    pub(super) fn of(sets: &[&MigrationSet]) -> Self {
        let mut declared = Self::default();
        for set in sets {
            let tenant = set.tenant_tables.iter();
            declared
                .tenant
                .extend(tenant.map(|table| (quote(table.name), TENANT_COLUMN.to_owned())));
            let platform = set.platform_tables.iter();
            declared
                .platform
                .extend(platform.map(|table| quote(table.name)));
            declared.platform.push(quote(&set.ledger()));
        }
        declared
    }

    pub(super) fn tenant_table(&mut self, table: &TenantTable) {
        let column = table.tenant_column().as_str().to_owned();
        self.tenant.push((table.qualified(), column));
    }

    pub(super) fn platform_table(&mut self, name: &Identifier) {
        self.platform.push(name.to_string());
    }

    /// Every column by which a table can be seen to hold tenants' rows.
    pub(super) fn tenant_columns(&self) -> Vec<&str> {
        let mut columns: Vec<_> = self.tenant.iter().map(|(_, column)| &**column).collect();
        columns.push(TENANT_COLUMN);
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}
