use tenancy_core::migration;
use tenancy_core::sql::migrate::{MigrationSet, Table};

/// The shop's tables, to be named when a [`Database`](tenancy_core::sql::Database) is built.
pub static MIGRATIONS: MigrationSet = MigrationSet {
    name: "tenancy_commerce",
    postgres: &[
        migration!(1, "shop", "../migrations/postgres/0001_shop.sql"),
        migration!(2, "media", "../migrations/postgres/0002_media.sql"),
    ],
    sqlite_registry: &[],
    sqlite_tenant: &[
        migration!(1, "shop", "../migrations/sqlite/tenant/0001_shop.sql"),
        migration!(2, "media", "../migrations/sqlite/tenant/0002_media.sql"),
    ],
    tenant_tables: &[
        table("commerce_counters"),
        table("commerce_products"),
        table("commerce_product_variants"),
        table("commerce_categories"),
        table("commerce_product_categories"),
        table("commerce_product_images"),
        table("commerce_stock"),
        table("commerce_customers"),
        table("commerce_orders"),
        table("commerce_order_lines"),
        table("commerce_media"),
    ],
    platform_tables: &[],
};

const fn table(name: &'static str) -> Table {
    Table {
        name,
        privileges: "SELECT, INSERT, UPDATE, DELETE",
    }
}
