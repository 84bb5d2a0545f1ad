use tenancy_core::migration;
use tenancy_core::sql::migrate::{MigrationSet, Table};

/// The server's own tables: what programs and people sign in with, and who is not served.
pub(crate) static MIGRATIONS: MigrationSet = MigrationSet {
    name: "platform",
    postgres: &[
        migration!(1, "keys", "../migrations/postgres/0001_keys.sql"),
        migration!(2, "users", "../migrations/postgres/0002_users.sql"),
        migration!(3, "operators", "../migrations/postgres/0003_operators.sql"),
        migration!(4, "blocks", "../migrations/postgres/0004_blocks.sql"),
        migration!(5, "bans", "../migrations/postgres/0005_bans.sql"),
        migration!(6, "servers", "../migrations/postgres/0006_servers.sql"),
    ],
    sqlite_registry: &[
        migration!(1, "keys", "../migrations/sqlite/registry/0001_keys.sql"),
        migration!(
            2,
            "operators",
            "../migrations/sqlite/registry/0002_operators.sql"
        ),
        migration!(3, "blocks", "../migrations/sqlite/registry/0003_blocks.sql"),
        migration!(4, "bans", "../migrations/sqlite/registry/0004_bans.sql"),
        migration!(
            5,
            "servers",
            "../migrations/sqlite/registry/0005_servers.sql"
        ),
    ],
    sqlite_tenant: &[migration!(
        1,
        "users",
        "../migrations/sqlite/tenant/0001_users.sql"
    )],
    tenant_tables: &[
        Table {
            name: "platform_users",
            privileges: USERS,
        },
        Table {
            name: "platform_user_sessions",
            privileges: SESSIONS,
        },
    ],
    platform_tables: &[
        Table {
            name: "platform_api_keys",
            privileges: "SELECT, INSERT, UPDATE (revoked_at)",
        },
        Table {
            name: "platform_operators",
            privileges: USERS,
        },
        Table {
            name: "platform_operator_sessions",
            privileges: SESSIONS,
        },
        Table {
            name: "platform_blocks",
            privileges: "SELECT, INSERT, DELETE",
        },
        Table {
            name: "platform_block_changes",
            privileges: "SELECT, UPDATE (revision)",
        },
        Table {
            name: "platform_servers",
            privileges: "SELECT, INSERT, UPDATE (seen_at, figures), DELETE",
        },
    ],
};

/// Users are shut out and never deleted: the journal names them.
const USERS: &str = "SELECT, INSERT, UPDATE (password_hash, disabled_at)";

const SESSIONS: &str = "SELECT, INSERT, UPDATE (used_at), DELETE";
