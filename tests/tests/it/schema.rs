//! What the reference server makes of an empty database, and its own statements there.

use std::path::Path;
use std::process::Command;

use tenancy_tests::{Postgres, Schema, Server, Statements};

/// What the databases do not share, and why.
const DECLARED: &[(&str, &str)] = &[(
    "+ table tenancy_journal_line",
    "entries wait there for their numbers, which SQLite gives as it writes them",
)];

/// The sets whose tables the server needs.
const SETS: &[&str] = &[
    "platform",
    "tenancy_commerce",
    "tenancy_core",
    "tenancy_observability",
];

fn run(setting: (&str, &str), arguments: &[&str]) -> serde_json::Value {
    let done = Command::new(Server::built("platform"))
        .env(setting.0, setting.1)
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}

#[tokio::test]
async fn an_installation_has_the_same_tables_and_statements_on_both_databases() {
    let database = Postgres::shared().await.empty_database().await;
    let owner = database.owner_url();
    let setting = ("TENANCY_OWNER_DATABASE_URL", &*owner);
    run(setting, &["migrate", "--app-role", "tenancy_app"]);
    let mut in_postgres = Schema::of_postgres(&owner).await;

    let folder = tempfile::tempdir().unwrap();
    let setting = ("TENANCY_DATA", folder.path().to_str().unwrap());
    let shop = run(setting, &["tenant", "create", "quillmoor"]);
    let registry_file = folder.path().join("registry.db");
    let tenant = format!("tenants/{}.db", shop["id"].as_str().unwrap());
    let tenant_file = folder.path().join(tenant);
    let mut registry = Schema::of_sqlite(&registry_file).await;
    let mut tenant = Schema::of_sqlite(&tenant_file).await;
    for set in SETS {
        let ledger = format!("{set}_migrations");
        for schema in [&mut in_postgres, &mut registry, &mut tenant] {
            assert!(schema.remove(&ledger), "{ledger} is missing");
        }
    }
    assert!(registry.tables().any(|table| table == "platform_api_keys"));
    let declared: Vec<_> = DECLARED.iter().map(|(difference, _)| *difference).collect();
    assert_eq!(in_postgres.differences(&registry.and(tenant)), declared);

    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/platform/src/main.rs");
    let statements = Statements::of_crate(&main);
    assert!(statements.whole.len() >= 4, "{statements:?}");
    let files = [&*registry_file, &*tenant_file];
    statements.prepare(&database.app_url(), &files).await;
}
