//! A process notices what others have committed, numbered or not.

use tenancy_core::TenantScope;
use tenancy_core::journal::{Changed, News, Tail, Worker};

use crate::installation::{Installation, on_both, write_note};

async fn write(site: &Installation, scope: &TenantScope, notes: usize) -> String {
    let mut tx = site.database.write(scope).await.unwrap();
    let mut last = None;
    for _ in 0..notes {
        last = Some(write_note(&mut tx, "new").await.unwrap());
    }
    tx.commit().await.unwrap();
    last.unwrap().id.to_string()
}

async fn at_end(site: &Installation, scope: &TenantScope) -> Tail {
    let mut tx = site.database.read(scope).await.unwrap();
    Tail::at_end(&mut tx).await.unwrap()
}

/// The changes, or nothing where they are unknown. They lie before the tail now, and not before.
async fn news(
    site: &Installation,
    scope: &TenantScope,
    tail: &mut Tail,
) -> Option<Vec<[String; 3]>> {
    let mut tx = site.database.read(scope).await.unwrap();
    let before = tail.clone();
    let News::Changes(changes) = tail.advance(&mut tx).await.unwrap() else {
        return None;
    };
    for change in &changes {
        assert!(
            tail.has_told(change) && !before.has_told(change),
            "{change:?}"
        );
    }
    let words = |change: Changed| [change.action, change.resource, change.resource_id];
    Some(changes.into_iter().map(words).collect())
}

fn created(ids: &[&String]) -> Option<Vec<[String; 3]>> {
    let created = |id: &&String| ["created", "note", id.as_str()].map(str::to_owned);
    Some(ids.iter().map(created).collect())
}

async fn tells_what_another_node_commits_before_it_is_numbered(site: Installation) {
    let (acme, umbrella) = (site.add("acme").await, site.add("umbrella").await);
    let (acme, umbrella) = (site.scope(&acme).await, site.scope(&umbrella).await);
    let worker = Worker::builder(&site.database, &site.tenants).build();
    write(&site, &acme, 3).await;
    worker.run_once().await.unwrap();
    let node = site.beside().await;
    let beside = node.scope(&acme.tenant()).await;
    let mut tail = at_end(&node, &beside).await;
    assert_eq!(news(&node, &beside, &mut tail).await, created(&[]));

    write(&site, &umbrella, 1).await;
    let first = write(&site, &acme, 1).await;
    assert_eq!(news(&node, &beside, &mut tail).await, created(&[&first]));
    // Once, however long it waits for its number, and not again when it has it.
    assert_eq!(news(&node, &beside, &mut tail).await, created(&[]));
    let next = write(&site, &acme, 1).await;
    assert_eq!(news(&node, &beside, &mut tail).await, created(&[&next]));
    worker.run_once().await.unwrap();
    assert_eq!(news(&node, &beside, &mut tail).await, created(&[]));
    let second = write(&site, &acme, 1).await;
    worker.run_once().await.unwrap();
    assert_eq!(news(&node, &beside, &mut tail).await, created(&[&second]));
}

async fn says_that_it_cannot_tell(site: Installation) {
    let (acme, umbrella) = (site.add("acme").await, site.add("umbrella").await);
    let (acme, umbrella) = (site.scope(&acme).await, site.scope(&umbrella).await);
    let worker = Worker::builder(&site.database, &site.tenants).build();
    let mut tail = at_end(&site, &acme).await;
    write(&site, &acme, 1_001).await;
    assert_eq!(news(&site, &acme, &mut tail).await, None);
    worker.run_once().await.unwrap();
    news(&site, &acme, &mut tail).await; // what was too much to be remembered
    assert_eq!(news(&site, &acme, &mut tail).await, created(&[]));
    // A journal that is shorter than it was, as after an older copy was put in its place.
    assert_eq!(news(&site, &umbrella, &mut tail).await, None);
    assert_eq!(news(&site, &umbrella, &mut tail).await, created(&[]));
}

on_both!(
    says_that_it_cannot_tell,
    tells_what_another_node_commits_before_it_is_numbered,
);
