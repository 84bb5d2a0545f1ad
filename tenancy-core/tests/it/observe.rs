//! Observers hear of every commit, before it and after it, however it ends.

use std::any::Any;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use sqlx::{Connection as _, PgConnection};
use tenancy_core::journal::{Change, ObserveCommits};
use tenancy_core::sql::TenantTx;
use tenancy_core::{ErrorKind, TenantScope, on_tx};
use tokio::sync::watch;

use crate::contamination::drop_after;
use crate::installation::{Installation, all_notes, on_both, write_note};

/// Counts the doubts there are, and remembers what they were about.
struct Watch {
    open: watch::Sender<usize>,
    heard: Mutex<Vec<(String, &'static str)>>,
}

struct Doubt(watch::Sender<usize>);

impl Drop for Doubt {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl ObserveCommits for Watch {
    fn committing(&self, scope: &TenantScope, changes: &[Change]) -> Box<dyn Any + Send> {
        let heard = changes.iter().map(|change| {
            assert!(!change.resource_id().is_empty());
            (scope.tenant().slug.to_string(), change.resource())
        });
        self.heard.lock().unwrap().extend(heard);
        self.open.send_modify(|open| *open += 1);
        Box::new(Doubt(self.open.clone()))
    }
}

fn watch(site: &Installation) -> Arc<Watch> {
    let watch = Arc::new(Watch {
        open: watch::Sender::new(0),
        heard: Mutex::default(),
    });
    site.database.observe_commits(watch.clone());
    watch
}

impl Watch {
    async fn settled(&self) {
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open == 0).await.unwrap();
    }
}

async fn hears_what_is_committed_and_only_that(site: Installation) {
    let watch = watch(&site);
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;

    site.database
        .write(&scope)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    let mut dropped = site.database.write(&scope).await.unwrap();
    write_note(&mut dropped, "dropped").await.unwrap();
    dropped.roll_back().await.unwrap();
    let mut broken = site.database.write(&scope).await.unwrap();
    write_note(&mut broken, "broken").await.unwrap();
    on_tx!(&mut broken, |conn| sqlx::query("SAVEPOINT left_open")
        .execute(conn)
        .await
        .map(|_| ()))
    .unwrap();
    drop(broken);
    assert_eq!(*watch.heard.lock().unwrap(), []);

    let mut tx = site.database.write(&scope).await.unwrap();
    write_note(&mut tx, "kept").await.unwrap();
    let undone = tx.part(async |tx: &mut TenantTx| {
        write_note(tx, "undone").await?;
        Err::<(), _>(tenancy_core::Error::from(ErrorKind::InvalidInput))
    });
    undone.await.unwrap_err();
    tx.commit().await.unwrap();
    // By then the doubt is over.
    assert_eq!(*watch.open.borrow(), 0);
    assert_eq!(*watch.heard.lock().unwrap(), [("acme".to_owned(), "note")]);
}

/// A doubt must not end before the outcome is there for all to see, or what was read in between is
/// kept for ever.
async fn a_doubt_ends_with_the_outcome(site: Installation) {
    if let Some(postgres) = &site.postgres {
        let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
        sqlx::raw_sql(SLOW_COMMITS)
            .execute(&mut owner)
            .await
            .unwrap();
    }
    let watch = watch(&site);
    let node = site.beside().await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let beside = node.scope(&acme).await;
    let notes = async || {
        let mut tx = node.database.read(&beside).await.unwrap();
        HashSet::<String>::from_iter(all_notes(&mut tx).await.unwrap())
    };
    let (mut seen, mut cancelled) = (HashSet::new(), 0);
    for polls in 0..30 {
        let body = polls.to_string();
        let mut tx = site.database.write(&scope).await.unwrap();
        write_note(&mut tx, &body).await.unwrap();
        cancelled += usize::from(drop_after(polls, tx.commit()).await.is_none());
        watch.settled().await;
        if notes().await.contains(&body) {
            seen.insert(body);
        }
    }
    site.storage.close().await;
    assert_eq!(notes().await, seen);
    assert!(cancelled > 0 && !seen.is_empty(), "{cancelled} cancelled");
}

/// So that a commit can be cancelled while the server is at it.
const SLOW_COMMITS: &str = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql \
     AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END $$; \
     CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED \
     FOR EACH ROW EXECUTE FUNCTION dawdle()";

on_both!(
    a_doubt_ends_with_the_outcome,
    hears_what_is_committed_and_only_that,
);
