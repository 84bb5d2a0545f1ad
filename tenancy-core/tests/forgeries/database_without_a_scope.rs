//! An id does not open a database.
use tenancy_core::TenantId;
use tenancy_core::sql::Database;

async fn forge(database: Database, id: TenantId) {
    let _ = database.read(&id).await;
    let _ = database.write(&id).await;
}

fn main() {}
