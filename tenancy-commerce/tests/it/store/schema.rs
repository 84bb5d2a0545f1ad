use tenancy_commerce::MIGRATIONS;
use tenancy_core::sql::migrate::{CORE, MigrationSet};
use tenancy_tests::Schema;

use super::shop::Shops;

/// The set's own tables in `schema`, without its ledger.
fn own(mut schema: Schema, others: &[&MigrationSet]) -> Schema {
    let foreign = others
        .iter()
        .flat_map(|set| set.tenant_tables.iter().chain(set.platform_tables));
    for table in foreign {
        schema.remove(table.name);
    }
    for set in others {
        schema.remove(&format!("{}_migrations", set.name));
    }
    let ledger = format!("{}_migrations", MIGRATIONS.name);
    assert!(schema.remove(&ledger), "{ledger} is missing");
    schema
}

#[tokio::test]
async fn both_databases_get_the_same_tables() {
    let (postgres, sqlite) = (Shops::postgres().await, Shops::sqlite().await);
    let in_postgres = Schema::of_postgres(&postgres.postgres_database().owner_url()).await;
    let in_sqlite = Schema::of_sqlite(&sqlite.files()[1]).await;
    let [in_postgres, in_sqlite] = [in_postgres, in_sqlite].map(|schema| own(schema, &[&CORE]));
    let mut names: Vec<_> = MIGRATIONS
        .tenant_tables
        .iter()
        .map(|one| one.name)
        .collect();
    names.sort_unstable();
    assert_eq!(in_postgres.tables().collect::<Vec<_>>(), names);
    assert_eq!(in_postgres.differences(&in_sqlite), [""; 0]);
}
