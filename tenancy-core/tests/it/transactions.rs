use std::collections::HashSet;
use std::error::Error as _;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tenancy_core::registry::{InMemoryTenants, TenantRegistry as _};
use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::tenant::{Status, Unavailability};
use tenancy_core::{Actor, ErrorKind, Purpose, Tenants, on_tx};

use crate::installation::{Installation, all_notes, on_both, write_note};

async fn each_tenant_sees_its_own_rows(site: Installation) {
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let (acme, bolt) = (site.scope(&acme).await, site.scope(&bolt).await);
    let mut tx = site.database.write(&acme).await.unwrap();
    write_note(&mut tx, "of acme").await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = site.database.read(&acme).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), ["of acme"]);
    tx.commit().await.unwrap();
    let mut tx = site.database.read(&bolt).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), [""; 0]);
    tx.commit().await.unwrap();
}

async fn a_dropped_transaction_leaves_nothing(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    write_note(&mut tx, "lost").await.unwrap();
    drop(tx);

    let mut tx = site.database.write(&scope).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), [""; 0]);
    write_note(&mut tx, "kept").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = site.database.read(&scope).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), ["kept"]);
}

async fn a_failed_part_undoes_only_itself(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    write_note(&mut tx, "before").await.unwrap();
    let failed: Result<(), tenancy_core::Error> = tx
        .part(async |tx| {
            write_note(tx, "inside").await?;
            on_tx!(tx, |conn| sqlx::query("SELECT nothing")
                .execute(conn)
                .await
                .map(|_| ()))
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Database);
    write_note(&mut tx, "after").await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = site.database.read(&scope).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), ["after", "before"]);
    let trail = tenancy_core::journal::Entry::trail(&mut tx, &Default::default())
        .await
        .unwrap();
    let bodies: Vec<_> = trail
        .entries
        .iter()
        .map(|entry| &entry.after.as_ref().unwrap()["body"])
        .collect();
    assert_eq!(bodies, ["after", "before"]);
}

async fn a_swallowed_error_cannot_commit_in_silence(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    on_tx!(&mut tx, |conn| sqlx::query("SELECT nothing")
        .execute(conn)
        .await
        .map(|_| ()))
    .unwrap_err();
    let outcome = tx.commit().await;
    if site.storage.is_postgres() {
        // PostgreSQL would answer the COMMIT with a roll-back and no error.
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Interrupted);
    } else {
        outcome.unwrap();
    }
}

async fn a_cut_off_statement_cannot_be_committed(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.write(&scope).await.unwrap();
    let statement = async {
        on_tx!(&mut tx, |conn| {
            tokio::task::yield_now().await;
            sqlx::query("SELECT 1").execute(conn).await.map(|_| ())
        })
    };
    assert!(
        statement.now_or_never().is_none(),
        "the statement is to be cut off"
    );
    assert_eq!(
        tx.commit().await.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
}

async fn a_scopes_meter_counts_every_call_however_it_ends(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let meter = scope.meter().clone();
    let counted = async |work: usize, expected: u64| {
        let before = meter.database();
        let mut tx = site.database.read(&scope).await.unwrap();
        match work {
            0 => {
                all_notes(&mut tx).await.unwrap();
                tx.commit().await.unwrap();
            }
            1 => {
                let refused = on_tx!(&mut tx, |conn| sqlx::query("SELECT nothing")
                    .execute(conn)
                    .await
                    .map(|_| ()));
                refused.unwrap_err();
                tx.roll_back().await.unwrap();
            }
            _ => {
                let cut_off = async {
                    on_tx!(&mut tx, |conn| {
                        tokio::task::yield_now().await;
                        sqlx::query("SELECT 1").execute(conn).await.map(|_| ())
                    })
                };
                assert!(cut_off.now_or_never().is_none());
                drop(tx);
            }
        }
        let after = meter.database();
        assert_eq!(after.calls - before.calls, expected, "{work}");
        assert!(after.time > before.time, "{work}");
    };
    counted(0, 3).await;
    counted(1, 3).await;
    counted(2, 2).await;
    let job = scope.for_job(Actor::job("mail"));
    for other in [job, site.scope(&acme).await] {
        assert_eq!(other.meter().database().calls, 0);
    }
}

#[tokio::test]
async fn queries_at_once_take_the_clock_s_time_once() {
    const SLEEP: &str = "SELECT 1 FROM pg_sleep(0.1)";
    let site = Installation::postgres(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut one = site.database.read(&scope).await.unwrap();
    let mut two = site.database.read(&scope).await.unwrap();
    let began = Instant::now();
    let meter = scope.meter();
    let before = meter.database();
    let sleep = async |tx: &mut TenantTx| {
        on_tx!(tx, |conn| sqlx::query(SLEEP)
            .execute(conn)
            .await
            .map(|_| ()))
    };
    let (one, two) = tokio::join!(sleep(&mut one), sleep(&mut two));
    one.and(two).unwrap();
    let after = meter.database();
    let (time, wall_time) = (after.time - before.time, after.wall_time - before.wall_time);
    let total = began.elapsed();
    let pause = Duration::from_millis(100);
    assert!(time >= 2 * pause, "{time:?}");
    assert!(wall_time >= pause && wall_time <= total, "{wall_time:?}");
    // They began together, and neither ended before its pause had.
    assert!(time - wall_time >= pause / 2, "{time:?} {wall_time:?}");
}

async fn a_reading_transaction_changes_nothing(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let mut tx = site.database.read(&scope).await.unwrap();
    let error = write_note(&mut tx, "no").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
}

async fn a_scope_of_another_realm_is_refused(site: Installation) {
    let acme = site.add("acme").await;
    let forged = InMemoryTenants::default();
    forged.add(&acme).unwrap();
    let forged = Tenants::new(forged);
    let scope = forged
        .scope(acme.id, Actor::system("forger"), Purpose::Platform)
        .await
        .unwrap();
    let refusal = |error: tenancy_core::Error| error.kind();
    assert_eq!(
        site.database.read(&scope).await.map_err(refusal).err(),
        Some(ErrorKind::WrongRealm)
    );
    assert_eq!(
        site.database.write(&scope).await.map_err(refusal).err(),
        Some(ErrorKind::WrongRealm)
    );
    let platform = forged.platform(Actor::system("forger"));
    assert_eq!(
        site.database
            .platform(&platform)
            .await
            .map_err(refusal)
            .err(),
        Some(ErrorKind::WrongRealm)
    );
    // The other way round as well: the right scope opens no other database.
    let other = Database::new(&site.storage, &forged);
    let scope = site.scope(&acme).await;
    assert_eq!(
        other.read(&scope).await.map_err(refusal).err(),
        Some(ErrorKind::WrongRealm)
    );
}

async fn a_suspension_ends_the_work_of_open_scopes(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    site.database
        .read(&scope)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    let suspended = tenancy_core::Tenant {
        status: Status::Suspended,
        ..acme
    };
    site.registry
        .update(&suspended, &Actor::system("operator"))
        .await
        .unwrap();
    let error = site.database.read(&scope).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::NotAvailable(Unavailability::Suspended)
    );
}

async fn connections_stay_within_the_budget(site: Installation) {
    let mut scopes = Vec::new();
    for number in 0..20 {
        let tenant = site.add(&format!("shop-{number}")).await;
        scopes.push(site.scope(&tenant).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for round in 0..10 {
        for scope in &scopes {
            let (database, scope) = (site.database.clone(), scope.clone());
            tasks.spawn(async move {
                let mut tx = database.write(&scope).await.unwrap();
                write_note(&mut tx, &format!("{round}")).await.unwrap();
                let (open, budget) = database.storage().connections();
                assert!(open <= budget, "{open} connections, {budget} allowed");
                tx.commit().await.unwrap();
                scope.tenant_id()
            });
        }
    }
    let mut served = HashSet::new();
    while let Some(id) = tasks.join_next().await {
        served.insert(id.unwrap());
    }
    assert_eq!(served.len(), scopes.len());
    for scope in &scopes {
        let mut tx = site.database.read(scope).await.unwrap();
        assert_eq!(all_notes(&mut tx).await.unwrap().len(), 10);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn opening_and_committing_copy_no_large_futures() {
    let site = Installation::sqlite(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let opening = site.database.write(&scope);
    let opening_bytes = size_of_val(&opening);
    let committing_bytes = size_of_val(&opening.await.unwrap().commit());
    assert!(opening_bytes < 6 * 1024, "{opening_bytes}"); // sqlx's own begin has 4 KiB
    assert!(committing_bytes < 3 * 1024, "{committing_bytes}");
}

#[tokio::test]
async fn a_missing_file_is_an_error_and_is_not_made() {
    let site = Installation::sqlite(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let node = site.beside().await;
    let path = site
        .folder
        .as_ref()
        .unwrap()
        .path()
        .join("tenants")
        .join(format!("{}.db", acme.id));
    std::fs::remove_file(&path).unwrap();
    let scope_there = node.scope(&acme).await;
    let error = node.database.read(&scope_there).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!path.exists());
    drop(scope);
}

#[tokio::test]
async fn a_tenants_file_reaches_no_other() {
    let site = Installation::sqlite(4).await;
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let folder = site.folder.as_ref().unwrap().path();
    let path = folder.join("tenants").join(format!("{}.db", bolt.id));
    let path = path.to_str().unwrap().to_owned();
    let scope = site.scope(&acme).await;
    let mut tx = site.database.read(&scope).await.unwrap();
    let attached = on_tx!(&mut tx, |conn| {
        sqlx::query("ATTACH DATABASE $1 AS other")
            .bind(path)
            .execute(conn)
            .await
            .map(|_| ())
    });
    let error = attached.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("too many attached databases"), "{cause}");
}

/// What a transaction meets behind a pooler that gives its connection another session.
#[tokio::test]
async fn a_session_without_the_prepared_statements_is_told_with_the_remedy() {
    let site = Installation::postgres(2).await;
    let acme = site.add("acme").await;
    let mut tx = site.database.read(&site.scope(&acme).await).await.unwrap();
    all_notes(&mut tx).await.unwrap();
    on_tx!(&mut tx, |conn| sqlx::query("DEALLOCATE ALL")
        .execute(conn)
        .await
        .map(|_| ()))
    .unwrap();
    let error = all_notes(&mut tx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    let remedy = error.source().unwrap().to_string();
    assert!(remedy.contains("use PgBouncer 1.21 or newer"), "{remedy}");
    let database = error.source().unwrap().source().unwrap().to_string();
    assert!(database.contains("does not exist"), "{database}");
}

on_both!(
    each_tenant_sees_its_own_rows,
    a_dropped_transaction_leaves_nothing,
    a_failed_part_undoes_only_itself,
    a_swallowed_error_cannot_commit_in_silence,
    a_cut_off_statement_cannot_be_committed,
    a_scopes_meter_counts_every_call_however_it_ends,
    a_reading_transaction_changes_nothing,
    a_scope_of_another_realm_is_refused,
    a_suspension_ends_the_work_of_open_scopes,
    connections_stay_within_the_budget,
);
