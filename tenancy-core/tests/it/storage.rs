//! What becomes of files that vanish, disks that fill up and numbers that grow too large.

use std::error::Error as _;
use std::fs;

use tenancy_core::registry::{Address, Directory as _};
use tenancy_core::{Error, ErrorKind, on_tx};

use crate::installation::{Installation, all_notes, write_note};

async fn write(site: &Installation, scope: &tenancy_core::TenantScope) -> Result<(), Error> {
    let mut tx = site.database.write(scope).await?;
    write_note(&mut tx, "kept").await?;
    tx.commit().await
}

/// Fails because a file is not in its place, not for any other reason.
fn assert_gone(outcome: Result<(), Error>, words: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains(words), "{cause}");
}

#[tokio::test]
async fn nothing_is_written_into_a_file_that_was_removed() {
    let site = Installation::sqlite(4).await;
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let (ours, theirs) = (site.scope(&acme).await, site.scope(&bolt).await);
    write(&site, &ours).await.unwrap();
    write(&site, &theirs).await.unwrap();
    fs::remove_file(site.tenant_file(&acme)).unwrap();
    assert_gone(write(&site, &ours).await, "removed or replaced");
    assert_gone(write(&site, &ours).await, "missing");
    // Another tenant's file is where it was.
    write(&site, &theirs).await.unwrap();
    let (open, _) = site.storage.connections();
    assert_eq!(open, 1, "the connection to the removed file was given up");
}

#[tokio::test]
async fn a_file_that_was_replaced_is_opened_anew() {
    let site = Installation::sqlite(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let (path, kept) = (
        site.tenant_file(&acme),
        site.tenant_file(&acme).with_extension("kept"),
    );
    write(&site, &scope).await.unwrap();
    // A backup of the empty shop takes the place of the file, and its journals go.
    let other = Installation::sqlite(4).await;
    other
        .database
        .provision(&other_scope(&other, &acme).await)
        .await
        .unwrap();
    other.storage.close().await;
    fs::rename(other.tenant_file(&acme), &kept).unwrap();
    fs::rename(&kept, &path).unwrap();
    for journal in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(path.with_extension(journal));
    }
    assert_gone(write(&site, &scope).await, "removed or replaced");
    let mut tx = site.database.read(&scope).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), [""; 0]);
    tx.commit().await.unwrap();
    write(&site, &scope).await.unwrap();
}

async fn other_scope(
    site: &Installation,
    tenant: &tenancy_core::Tenant,
) -> tenancy_core::TenantScope {
    use tenancy_core::Actor;
    use tenancy_core::registry::TenantRegistry as _;
    let by = Actor::system("test");
    site.registry.insert(tenant, &by).await.unwrap();
    let platform = site.tenants.platform(by);
    platform.tenant(tenant.id).await.unwrap()
}

#[tokio::test]
async fn a_data_folder_that_is_gone_is_noticed() {
    for gone in ["tenants", "registry.db"] {
        let site = Installation::sqlite(4).await;
        let acme = site.add("acme").await;
        let address = Address::Id(acme.id);
        site.registry.find(&address).await.unwrap().unwrap();
        let path = site.folder.as_ref().unwrap().path().join(gone);
        let aside = path.with_extension("aside");
        fs::rename(&path, &aside).unwrap();
        let asked = site.registry.find(&address).await;
        assert_gone(asked.map(drop), "removed or replaced");
        // Put back, it is the same file.
        fs::rename(&aside, &path).unwrap();
        site.registry.find(&address).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_no_mistake_of_the_statement() {
    let site = Installation::sqlite(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    // SQLite takes the number of pages that there are for the least.
    on_tx!(&mut tx, |conn| sqlx::query("PRAGMA max_page_count = 1")
        .execute(conn)
        .await
        .map(drop))
    .unwrap();
    let error = write_note(&mut tx, &"x".repeat(100_000)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

async fn a_number_that_grows_too_large_is_an_invalid_input(site: Installation) {
    const LARGEST: &str = "SELECT CAST($1 AS BIGINT) + 1";
    const SUM: &str = "SELECT CAST(SUM(number) AS BIGINT) FROM \
         (SELECT CAST($1 AS BIGINT) AS number UNION ALL SELECT CAST($1 AS BIGINT)) AS numbers";
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    for statement in [LARGEST, SUM] {
        let mut tx = site.database.read(&scope).await.unwrap();
        let answer: Result<i64, Error> = on_tx!(&mut tx, |conn| {
            sqlx::query_scalar(statement)
                .bind(i64::MAX)
                .fetch_one(conn)
                .await
        });
        let error = answer.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::InvalidInput,
            "{statement}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_number_that_grows_too_large_on_postgres() {
    a_number_that_grows_too_large_is_an_invalid_input(Installation::postgres(4).await).await;
}

#[tokio::test]
async fn a_number_that_grows_too_large_on_sqlite() {
    a_number_that_grows_too_large_is_an_invalid_input(Installation::sqlite(4).await).await;
}
