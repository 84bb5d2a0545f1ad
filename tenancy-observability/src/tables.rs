use tenancy_core::migration;
use tenancy_core::sql::migrate::{MigrationSet, Table};

/// The tables that this crate keeps in the platform's own database, to be named when it is migrated.
pub static MIGRATIONS: MigrationSet = MigrationSet {
    name: "tenancy_observability",
    postgres: &[migration!(
        3,
        "slow_queries",
        "../migrations/postgres/0003_slow_queries.sql"
    )],
    sqlite_registry: &[migration!(
        3,
        "slow_queries",
        "../migrations/sqlite/0003_slow_queries.sql"
    )],
    sqlite_tenant: &[],
    tenant_tables: &[],
    platform_tables: &[Table {
        name: "tenancy_slow_queries",
        privileges: "SELECT, INSERT, UPDATE (findings), DELETE",
    }],
};
