//! Row-level security for an application's own tables on PostgreSQL.
//!
//! A [`TenantTable`] names a table whose rows belong to tenants and writes the migration that
//! keeps them apart: [`migration`](TenantTable::migration) is text, to be read, kept among the
//! application's migrations and run by the table's owner. The
//! [audit](super::audit::IsolationAudit) checks at start that it holds.
//!
//! A `uuid` column holds the tenant's id; a `bigint` or `text` column what the application has
//! always called the tenant, its [`key`](crate::Tenant::key). Keys of the table are left as they
//! are: where a unique one does not include the tenant, the audit says so, and the application
//! changes it or [accepts](super::audit::IsolationAudit::accept) it.
//!
//! ```
//! use tenancy_core::sql::policy::{KeyType, TenantTable};
//!
//! let orders = TenantTable::new("orders".parse()?, KeyType::Bigint).column("account_id".parse()?);
//! let migration = orders.migration(&"shop_server".parse()?);
//! assert!(migration.contains(r#"ALTER TABLE "orders" FORCE ROW LEVEL SECURITY"#));
//! assert!(migration.contains("nullif(current_setting('app.tenant_key', true), '')::bigint"));
//! # Ok::<(), tenancy_core::sql::policy::InvalidIdentifier>(())
//! ```

mod identifier;
mod key_type;
mod tenant_table;

pub(crate) use self::identifier::quote;
pub use self::identifier::{Identifier, InvalidIdentifier};
pub use self::key_type::KeyType;
pub use self::tenant_table::TenantTable;
