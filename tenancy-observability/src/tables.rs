use tenancy_core::migration;
use tenancy_core::sql::migrate::{MigrationSet, Table};

/// The crate's tables, which belong to the platform and hold no tenant's content.
pub static MIGRATIONS: MigrationSet = MigrationSet {
    name: "tenancy_observability",
    postgres: &[
        migration!(
            1,
            "performance",
            "../migrations/postgres/0001_performance.sql"
        ),
        migration!(2, "alerts", "../migrations/postgres/0002_alerts.sql"),
        migration!(
            3,
            "slow_queries",
            "../migrations/postgres/0003_slow_queries.sql"
        ),
        migration!(
            4,
            "alert_order",
            "../migrations/postgres/0004_alert_order.sql"
        ),
    ],
    sqlite_registry: &[
        migration!(
            1,
            "performance",
            "../migrations/sqlite/registry/0001_performance.sql"
        ),
        migration!(2, "alerts", "../migrations/sqlite/registry/0002_alerts.sql"),
        migration!(
            3,
            "slow_queries",
            "../migrations/sqlite/registry/0003_slow_queries.sql"
        ),
        migration!(
            4,
            "alert_order",
            "../migrations/sqlite/registry/0004_alert_order.sql"
        ),
    ],
    sqlite_tenant: &[],
    tenant_tables: &[],
    platform_tables: &[
        Table {
            name: "observability_alerts",
            privileges: "SELECT, INSERT, UPDATE (body), DELETE",
        },
        Table {
            name: "observability_alert_turns",
            privileges: "SELECT, UPDATE (turns)",
        },
        Table {
            name: "observability_alert_deliveries",
            privileges: "SELECT, INSERT, UPDATE, DELETE",
        },
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
        Table {
            name: "observability_slow_queries",
            privileges: "SELECT, INSERT, UPDATE (findings), DELETE",
        },
    ],
};
