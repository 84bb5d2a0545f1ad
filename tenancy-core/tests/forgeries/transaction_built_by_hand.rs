//! A transaction of a tenant cannot be built around another connection.
use tenancy_core::sql::TenantTx;

fn forge(connection: sqlx::PgConnection) {
    let _ = TenantTx::new(connection);
    let _ = TenantTx { connection };
}

fn main() {}
