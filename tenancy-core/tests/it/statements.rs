//! Every statement in the source, and every combination of the fragments that lists are made of.

use std::path::Path;

use tenancy_core::Actor;
use tenancy_core::journal::{Entry, EntryQuery, PlatformEntry};
use tenancy_tests::statements::Databases;
use tenancy_tests::{Postgres, Statements};
use uuid::Uuid;

use crate::installation::{Installation, write_note};

fn source() -> Statements {
    Statements::of_crate(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
}

#[tokio::test]
async fn every_statement_is_prepared_on_the_databases_it_is_for() {
    let statements = source();
    let of = |databases| {
        let all = statements.whole.iter();
        all.filter(|one| one.databases == databases).count()
    };
    let (both, postgres) = (of(Databases::Both), of(Databases::Postgres));
    assert!(both >= 40 && postgres >= 10, "{both} {postgres}");
    assert_eq!(
        of(Databases::Sqlite),
        3,
        "the journal's number, its entry and its tail"
    );

    let in_postgres = Installation::postgres(2).await;
    let in_sqlite = Installation::sqlite(2).await;
    let acme = in_sqlite.add("acme").await;
    let files = [in_sqlite.registry_file(), in_sqlite.tenant_file(&acme)];
    let url = in_postgres.postgres.unwrap().app_url();
    statements.prepare(&url, &[&files[0], &files[1]]).await;
}

async fn read_every_trail(site: &Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    let note = write_note(&mut tx, "one").await.unwrap();
    tx.commit().await.unwrap();
    let mut of_tenant = site.database.read(&scope).await.unwrap();
    let platform = site.tenants.platform(Actor::system("test"));
    let mut of_platform = site.database.platform_read(&platform).await.unwrap();
    for bits in 0..16 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        let filter = |resource: &str, resource_id: String, actor_id: Option<&str>| EntryQuery {
            resource: on(0).then(|| resource.to_owned()),
            resource_id: on(1).then_some(resource_id),
            actor_id: actor_id.filter(|_| on(2)).map(str::to_owned),
            before: on(3).then_some(Uuid::max()),
            limit: None,
        };
        let query = filter("note", note.id.to_string(), Some("7"));
        let trail = Entry::trail(&mut of_tenant, &query).await.unwrap();
        assert_eq!(trail.entries.len(), 1, "{query:?}");
        // The platform's own actor has no id, so nothing of it is anybody's.
        let query = filter("tenant", acme.id.to_string(), Some("nobody"));
        let trail = PlatformEntry::trail(&mut of_platform, &query)
            .await
            .unwrap();
        assert_eq!(trail.entries.len(), usize::from(!on(2)), "{query:?}");
    }
}

#[tokio::test]
async fn every_combination_of_fragments_runs_on_postgres() {
    let site = Installation::postgres(2).await;
    site.postgres.as_ref().unwrap().log_statements().await;
    let node = site.beside().await;
    read_every_trail(&node).await;
    let source = source();
    assert!(source.fragments.len() >= 6, "{:?}", source.fragments);
    let log = Postgres::shared().await.log();
    assert_eq!(source.missing_from(&log), [""; 0]);
}

#[tokio::test]
async fn every_combination_of_fragments_runs_on_sqlite() {
    read_every_trail(&Installation::sqlite(2).await).await;
}
