//! Many tenants on few connections, with everything going wrong: nothing may be left behind.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::Connection as _;
use tenancy_core::{TenantScope, on_tx};
use tokio::task::JoinSet;

use crate::installation::{Installation, all_notes, write_note};

const OPERATIONS: usize = 10_000;
const TENANTS: usize = 12;
const WORKERS: usize = 8;

/// Polls a future a number of times and drops it there, as a cancelled request does.
async fn drop_after<F: Future>(polls: usize, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    for _ in 0..polls {
        if let Poll::Ready(output) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(output);
        }
        // Lets the database answer, so that later polls get further.
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    None
}

/// One piece of work of one of several kinds; each must see its own tenant's rows only.
async fn operate(site: &Installation, scope: &TenantScope, number: usize) {
    let own = scope.tenant().slug.to_string();
    let work = async {
        let mut tx = site.database.write(scope).await.unwrap();
        for body in all_notes(&mut tx).await.unwrap() {
            assert_eq!(body, own, "a foreign row is visible");
        }
        if number.is_multiple_of(13) {
            write_note(&mut tx, &own).await.unwrap();
        }
        match number % 7 {
            0 => tx.roll_back().await.unwrap(),
            1 => drop(tx),
            2 => {
                let broken = on_tx!(&mut tx, |conn| {
                    sqlx::query("SELECT nothing")
                        .execute(conn)
                        .await
                        .map(|_| ())
                });
                broken.unwrap_err();
            }
            3 => panic!("planted"),
            _ => tx.commit().await.unwrap(),
        }
    };
    if number.is_multiple_of(3) {
        let outcome = drop_after(
            number % 40,
            std::panic::AssertUnwindSafe(work).catch_unwind(),
        );
        check_panic(outcome.await.unwrap_or(Ok(())));
    } else {
        check_panic(std::panic::AssertUnwindSafe(work).catch_unwind().await);
    }
}

fn check_panic(outcome: Result<(), Box<dyn std::any::Any + Send>>) {
    if let Err(panic) = outcome {
        let planted = panic.downcast_ref::<&str>() == Some(&"planted");
        if !planted {
            std::panic::resume_unwind(panic);
        }
    }
}

async fn nothing_is_left_behind(site: Installation) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"planted") {
            hook(panic);
        }
    }));
    let site = std::sync::Arc::new(site);
    let mut scopes = Vec::new();
    for number in 0..TENANTS {
        let tenant = site.add(&format!("shop-{number}")).await;
        scopes.push(site.scope(&tenant).await);
    }
    let scopes = std::sync::Arc::new(scopes);
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (site, scopes) = (site.clone(), scopes.clone());
        workers.spawn(async move {
            for round in 0..OPERATIONS / WORKERS {
                let number = round * WORKERS + worker;
                operate(&site, &scopes[(number * 7) % TENANTS], number).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
    for scope in scopes.iter() {
        let own = scope.tenant().slug.to_string();
        let mut tx = site.database.read(scope).await.unwrap();
        let bodies = all_notes(&mut tx).await.unwrap();
        assert!(
            !bodies.is_empty() && bodies.iter().all(|body| *body == own),
            "{bodies:?}"
        );
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    nothing_is_left_behind(Installation::postgres(3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    nothing_is_left_behind(Installation::sqlite(3).await).await;
}

/// What a borrower of the pool's only connection finds there: an open transaction, and a tenant.
async fn found(pool: &sqlx::PgPool) -> (bool, String) {
    let mut conn = pool.acquire().await.unwrap();
    // Outside a transaction every statement has a transaction id of its own.
    let first: String = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    let second: String = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    let tenant: Option<String> =
        sqlx::query_scalar("SELECT current_setting('app.tenant_id', true)")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
    (first == second, tenant.unwrap_or_default())
}

/// Takes long enough to be cancelled on any machine.
const BEGIN: &str =
    "BEGIN; SET LOCAL app.tenant_id = '00000000-0000-0000-0000-00000000000a'; SELECT pg_sleep(0.5)";

#[tokio::test]
async fn a_cancelled_begin_of_sqlx_leaks_and_ours_does_not() {
    let site = Installation::postgres(2).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let url = site.postgres.as_ref().unwrap().app_url();
    let one = sqlx::postgres::PgPoolOptions::new().max_connections(1);

    // sqlx's own transaction, cancelled while the server works on it: the precondition of this test is
    // that at least one of them leaks.
    let mut leaks = 0;
    for polls in [20, 100] {
        let pool = one.clone().connect(&url).await.unwrap();
        drop(drop_after(polls, pool.begin_with(BEGIN)).await);
        let (in_transaction, tenant) = found(&pool).await;
        leaks += usize::from(in_transaction || !tenant.is_empty());
        pool.close().await;
    }
    assert!(
        leaks > 0,
        "sqlx's begin no longer leaks: TenantTx need not own its connection"
    );

    // Ours, on a pool of one connection shared with the borrower.
    for polls in 0..40 {
        let pool = one.clone().connect(&url).await.unwrap();
        let storage = tenancy_core::sql::SqlStorage::builder().with_pool(pool.clone());
        let database = tenancy_core::sql::Database::new(&storage, &site.tenants);
        drop(drop_after(polls, database.write(&scope)).await);
        assert_eq!(
            found(&pool).await,
            (false, String::new()),
            "cancelled at poll {polls}"
        );
        pool.close().await;
    }
    sqlx::PgConnection::connect(&url)
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
}
