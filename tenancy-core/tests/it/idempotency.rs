use tenancy_core::sql::{Attempt, IdempotencyKey, Reply};
use tenancy_core::{ErrorKind, on_tx};
use tokio::runtime::Runtime;

use crate::installation::{Installation, all_notes, on_both, write_note};

fn key(caller: &str, fingerprint: &str) -> IdempotencyKey {
    IdempotencyKey::new(caller, "abc", fingerprint).unwrap()
}

async fn a_repetition_gets_the_same_bytes_and_has_no_effect(site: Installation) {
    let (acme, bolt) = (site.add("acme").await, site.add("bolt").await);
    let (acme, bolt) = (site.scope(&acme).await, site.scope(&bolt).await);
    let reply = Reply {
        status: 201,
        headers: vec![("location".to_owned(), "/notes/1".to_owned())],
        body: vec![0, 159, 146, 150],
    };
    let Attempt::First(mut tx) = site
        .database
        .write_once(&acme, &key("7", "x"))
        .await
        .unwrap()
    else {
        panic!("nobody has used the key");
    };
    write_note(&mut tx, "once").await.unwrap();
    let error = site
        .database
        .write_once(&acme, &key("7", "x"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyInFlight);
    tx.commit_with(&reply).await.unwrap();

    let Attempt::Replay(again) = site
        .database
        .write_once(&acme, &key("7", "x"))
        .await
        .unwrap()
    else {
        panic!("the key has been used");
    };
    assert_eq!(again, reply);
    let error = site
        .database
        .write_once(&acme, &key("7", "y"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyReused);
    for (scope, caller) in [(&acme, "8"), (&bolt, "7")] {
        let attempt = site
            .database
            .write_once(scope, &key(caller, "z"))
            .await
            .unwrap();
        assert!(
            matches!(attempt, Attempt::First(_)),
            "another caller's or tenant's key"
        );
    }
    let mut tx = site.database.read(&acme).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), ["once"]);
}

async fn an_answer_is_kept_up_to_a_bound_that_is_told(site: Installation) {
    const KEPT_MAX: usize = 8 * 1024 * 1024;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let reply = |bytes| Reply {
        status: 201,
        headers: Vec::new(),
        body: vec![7; bytes],
    };
    let begin = async || match site.database.write_once(&scope, &key("7", "x")).await {
        Ok(Attempt::First(tx)) => tx,
        other => panic!("nobody has used the key, or it has failed: {other:?}"),
    };
    let mut tx = begin().await;
    write_note(&mut tx, "too much").await.unwrap();
    let error = tx.commit_with(&reply(KEPT_MAX + 1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReplyTooLarge);
    let problem = tenancy_core::problem::Problem::from(&error);
    assert_eq!(problem.status(), http::StatusCode::PAYLOAD_TOO_LARGE);

    let mut tx = begin().await;
    write_note(&mut tx, "just enough").await.unwrap();
    tx.commit_with(&reply(KEPT_MAX)).await.unwrap();
    let again = site.database.write_once(&scope, &key("7", "x")).await;
    let Attempt::Replay(again) = again.unwrap() else {
        panic!("the key has been used");
    };
    assert_eq!(again, reply(KEPT_MAX));
    let mut tx = site.database.read(&scope).await.unwrap();
    assert_eq!(all_notes(&mut tx).await.unwrap(), ["just enough"]);
}

async fn a_roll_back_frees_the_key(site: Installation) {
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    for _ in 0..2 {
        match site
            .database
            .write_once(&scope, &key("7", "x"))
            .await
            .unwrap()
        {
            Attempt::First(tx) => tx.roll_back().await.unwrap(),
            Attempt::Replay(_) => panic!("nothing was stored"),
        }
    }
}

async fn a_key_is_free_again_when_its_answer_has_expired(site: Installation) {
    const EXPIRE: &str = "UPDATE tenancy_idempotency SET expires_at = 1 WHERE tenant_id = $1";
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    for status in [201, 202] {
        let attempt = site.database.write_once(&scope, &key("7", "x")).await;
        let Attempt::First(mut tx) = attempt.unwrap() else {
            panic!("the answer before has expired");
        };
        let reply = Reply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        };
        write_note(&mut tx, "again").await.unwrap();
        tx.commit_with(&reply).await.unwrap();
        let again = site.database.write_once(&scope, &key("7", "x")).await;
        assert!(matches!(again.unwrap(), Attempt::Replay(kept) if kept == reply));
        let mut tx = site.database.write(&scope).await.unwrap();
        let expired = on_tx!(&mut tx, |conn| sqlx::query(EXPIRE)
            .bind(acme.id.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected()));
        assert_eq!(expired.unwrap(), 1);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn another_node_working_on_the_key_is_a_conflict() {
    let site = Installation::postgres(4).await;
    let node = site.beside().await;
    let acme = site.add("acme").await;
    let (here, there) = (site.scope(&acme).await, node.scope(&acme).await);
    let first = site
        .database
        .write_once(&here, &key("7", "x"))
        .await
        .unwrap();
    let error = node
        .database
        .write_once(&there, &key("7", "x"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeyInFlight);
    drop(first);
}

/// The other node asks from another thread, while this one's can do nothing in the background.
#[tokio::test]
async fn a_failed_commit_has_freed_the_key_when_it_is_heard_of() {
    let site = Installation::postgres(4).await;
    let acme = site.add("acme").await;
    let scope = site.scope(&acme).await;
    let attempt = site.database.write_once(&scope, &key("7", "x")).await;
    let Attempt::First(tx) = attempt.unwrap() else {
        panic!("nobody has used the key");
    };
    let reply = Reply {
        status: 201,
        headers: Vec::new(),
        body: vec![7; 8 * 1024 * 1024 + 1],
    };
    let error = tx.commit_with(&reply).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReplyTooLarge);
    let ask = async || {
        let node = site.beside().await;
        let scope = node.scope(&acme).await;
        let attempt = node.database.write_once(&scope, &key("7", "x")).await;
        matches!(attempt.unwrap(), Attempt::First(_))
    };
    let is_first = std::thread::scope(|threads| {
        let thread = threads.spawn(|| Runtime::new().unwrap().block_on(ask()));
        thread.join().unwrap()
    });
    assert!(is_first, "nothing was stored");
}

on_both!(
    a_repetition_gets_the_same_bytes_and_has_no_effect,
    a_key_is_free_again_when_its_answer_has_expired,
    a_roll_back_frees_the_key,
    an_answer_is_kept_up_to_a_bound_that_is_told,
);
