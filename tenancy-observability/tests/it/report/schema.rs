use std::path::Path;

use tenancy_core::sql::audit::IsolationAudit;
use tenancy_core::sql::migrate::CORE;
use tenancy_observability::MIGRATIONS;
use tenancy_tests::statements::Databases;
use tenancy_tests::{Schema, Statements};

use crate::site::{SETS, Site};

#[tokio::test]
async fn both_databases_get_the_same_tables() {
    let (postgres, sqlite) = (Site::postgres().await, Site::sqlite().await);
    let in_postgres = Schema::of_postgres(&postgres.postgres.unwrap().owner_url()).await;
    let in_sqlite = Schema::of_sqlite(&sqlite.registry_file()).await;
    let [in_postgres, in_sqlite] = [in_postgres, in_sqlite].map(|mut schema| {
        for table in CORE.tenant_tables.iter().chain(CORE.platform_tables) {
            schema.remove(table.name);
        }
        for set in SETS {
            assert!(schema.remove(&format!("{}_migrations", set.name)));
        }
        schema
    });
    let own = MIGRATIONS.platform_tables.iter();
    let mut names: Vec<_> = own.map(|table| table.name).collect();
    names.sort_unstable();
    assert_eq!(in_postgres.tables().collect::<Vec<_>>(), names);
    assert_eq!(in_postgres.differences(&in_sqlite), [""; 0]);
}

#[tokio::test]
async fn every_statement_is_prepared_on_both_databases() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let statements = Statements::of_crate(&source);
    let both = statements.whole.iter();
    let both = both.filter(|one| one.databases == Databases::Both).count();
    assert!(both >= 10, "{both}");
    let (postgres, sqlite) = (Site::postgres().await, Site::sqlite().await);
    let tenant = sqlite.tenant_file(&sqlite.add("acme").await);
    let url = postgres.postgres.unwrap().app_url();
    statements
        .prepare(&url, &[&sqlite.registry_file(), &tenant])
        .await;
}

#[tokio::test]
async fn the_isolation_audit_knows_the_tables_and_finds_nothing() {
    let site = Site::postgres().await;
    let report = IsolationAudit::new(SETS).run(site.database.storage()).await;
    let findings = report.unwrap();
    assert!(findings.is_isolated(), "{findings:?}");
}
