use tenancy_core::migration;
use tenancy_core::sql::migrate::{MigrationSet, Table};

/// The crate's tables, which belong to the platform and hold no tenant's content.
pub static MIGRATIONS: MigrationSet = MigrationSet {
    name: "tenancy_observability",
    postgres: &[migration!(
        1,
        "performance",
        "../migrations/postgres/0001_performance.sql"
    )],
    sqlite_registry: &[migration!(
        1,
        "performance",
        "../migrations/sqlite/registry/0001_performance.sql"
    )],
    sqlite_tenant: &[],
    tenant_tables: &[],
    platform_tables: &[
        Table {
            name: "observability_windows",
            privileges: "SELECT, INSERT, UPDATE (data), DELETE",
        },
        Table {
            name: "observability_hours",
            privileges: "SELECT, INSERT, UPDATE (data), DELETE",
        },
        Table {
            name: "observability_tidying",
            privileges: "SELECT, UPDATE (turns)",
        },
    ],
};
