use tenancy_core::ErrorKind;
use tenancy_core::sql::{Attempt, IdempotencyKey, Reply};

use crate::installation::{Installation, all_notes, write_note};

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

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        $(mod $name {
            use crate::installation::Installation;
            #[tokio::test]
            async fn postgres() {
                super::$name(Installation::postgres(8).await).await;
            }
            #[tokio::test]
            async fn sqlite() {
                super::$name(Installation::sqlite(8).await).await;
            }
        })*
    };
}

on_both!(
    a_repetition_gets_the_same_bytes_and_has_no_effect,
    a_roll_back_frees_the_key
);
