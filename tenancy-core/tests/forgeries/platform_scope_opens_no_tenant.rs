//! The platform's own scope does not open a tenant's data.
use tenancy_core::PlatformScope;
use tenancy_core::sql::Database;

async fn forge(database: Database, scope: PlatformScope) {
    let _ = database.read(&scope).await;
}

fn main() {}
