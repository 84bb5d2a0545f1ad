//! What every [`SessionStore`] owes; a rule that is broken panics.

#![allow(clippy::unwrap_used, reason = "a contract fails by panicking")]

use std::fmt;

use tenancy_core::time::Time;

use super::id::{SessionDigest, SessionId};
use super::store::{NewSession, Session, SessionStore};

/// Tests that a store keeps the contract. It is empty and knows these two users, if it has to.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use tenancy_security::session::{InMemorySessions, contract};
///
/// contract::session_store(&InMemorySessions::default(), [&"ann", &"ben"]).await;
/// # }
/// ```
pub async fn session_store<S>(store: &S, [ann, ben]: [&S::User; 2])
where
    S: SessionStore<User: fmt::Debug + PartialEq, Error: fmt::Debug>,
{
    let first = new(ann, 100, None);
    store.begin(&first).await.unwrap();
    let found = |new: &NewSession<S::User>| Some(new.session.clone());
    assert_eq!(store.find(first.digest).await.unwrap(), found(&first));
    assert_eq!(store.find(digest()).await.unwrap(), None);

    // A session replaces the one before it, and leaves others alone.
    let others = new(ben, 110, None);
    store.begin(&others).await.unwrap();
    let second = new(ann, 120, Some(first.digest));
    store.begin(&second).await.unwrap();
    assert_eq!(store.find(first.digest).await.unwrap(), None);
    assert_eq!(store.find(second.digest).await.unwrap(), found(&second));
    assert_eq!(store.find(others.digest).await.unwrap(), found(&others));

    // Use is noted, and so it outlives the sessions that are not used.
    store.note_use(second.digest, time(200)).await.unwrap();
    store.note_use(digest(), time(200)).await.unwrap();
    let used = Session {
        used_at: time(200),
        ..second.session.clone()
    };
    assert_eq!(store.find(second.digest).await.unwrap(), Some(used));
    let third = NewSession {
        used_after: time(150),
        ..new(ann, 300, None)
    };
    store.begin(&third).await.unwrap();
    assert_eq!(store.find(others.digest).await.unwrap(), None);
    assert!(store.find(second.digest).await.unwrap().is_some());

    // However much a session is used, it ends one day.
    let fourth = NewSession {
        begun_after: time(250),
        ..new(ben, 310, None)
    };
    store.begin(&fourth).await.unwrap();
    assert_eq!(store.find(second.digest).await.unwrap(), None);
    assert_eq!(store.find(third.digest).await.unwrap(), found(&third));

    // One that ended is gone, and ending it again is no mistake.
    store.end(third.digest).await.unwrap();
    store.end(third.digest).await.unwrap();
    assert_eq!(store.find(third.digest).await.unwrap(), None);

    // All of one user's end, and nobody else's.
    let anns = [new(ann, 320, None), new(ann, 321, None)];
    for one in &anns {
        store.begin(one).await.unwrap();
    }
    store.end_all(ann).await.unwrap();
    for one in &anns {
        assert_eq!(store.find(one.digest).await.unwrap(), None);
    }
    assert_eq!(store.find(fourth.digest).await.unwrap(), found(&fourth));
}

fn new<U: Clone>(user: &U, at: i64, replaces: Option<SessionDigest>) -> NewSession<U> {
    NewSession {
        digest: digest(),
        session: Session {
            user: user.clone(),
            begun_at: time(at),
            used_at: time(at),
        },
        replaces,
        begun_after: time(0),
        used_after: time(0),
    }
}

fn digest() -> SessionDigest {
    SessionId::generate().digest()
}

fn time(seconds: i64) -> Time {
    Time::from_microseconds(seconds * 1_000_000)
}
