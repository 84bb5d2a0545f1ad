use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use tenancy_core::time::Time;
use tenancy_security::session::{InMemorySessions, SessionId, SessionStore as _, Sessions};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

fn at(seconds: i64) -> Time {
    Time::from_microseconds(seconds * 1_000_000)
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    use tenancy_security::session::contract;

    contract::session_store(&InMemorySessions::default(), [&"ann", &"ben"]).await;
}

#[tokio::test]
async fn a_cookie_from_before_the_sign_in_is_never_taken_over() {
    let (sessions, store) = (Sessions::new(), InMemorySessions::default());
    // What a stranger planted, and what a session was: both are worth nothing afterwards.
    let planted = SessionId::generate();
    let first = sessions
        .begin(&store, "ann", Some(&planted), at(0))
        .await
        .unwrap();
    assert_ne!(first.digest(), planted.digest());
    assert_eq!(sessions.find(&store, &planted, at(1)).await.unwrap(), None);
    let second = sessions
        .begin(&store, "ann", Some(&first), at(1))
        .await
        .unwrap();
    assert_eq!(sessions.find(&store, &first, at(2)).await.unwrap(), None);
    let found = sessions.find(&store, &second, at(2)).await.unwrap();
    assert_eq!(found.unwrap().user, "ann");
    sessions.end(&store, &second).await.unwrap();
    assert_eq!(sessions.find(&store, &second, at(3)).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_one_day_in_any_case() {
    let (sessions, store) = (Sessions::new(), InMemorySessions::default());
    let lives = async |id: &SessionId, time| {
        let found = sessions.find(&store, id, time).await.unwrap();
        found.is_some()
    };
    let id = sessions.begin(&store, "ann", None, at(0)).await.unwrap();
    assert!(lives(&id, at(30 * MINUTE - 1)).await);
    // That was a use, from which it counts anew.
    assert!(lives(&id, at(60 * MINUTE - 2)).await);
    assert!(!lives(&id, at(90 * MINUTE - 2)).await);

    let id = sessions.begin(&store, "ann", None, at(0)).await.unwrap();
    for time in (0..8 * HOUR).step_by(20 * 60) {
        assert!(lives(&id, at(time)).await, "{time}");
    }
    assert!(lives(&id, at(8 * HOUR - 1)).await);
    assert!(!lives(&id, at(8 * HOUR)).await);
}

#[tokio::test]
async fn use_is_written_down_once_a_minute() {
    let (sessions, store) = (Sessions::new(), InMemorySessions::default());
    let id = sessions.begin(&store, "ann", None, at(0)).await.unwrap();
    let noted = async |time: i64| {
        sessions.find(&store, &id, at(time)).await.unwrap().unwrap();
        store.find(id.digest()).await.unwrap().unwrap().used_at
    };
    assert_eq!(noted(59).await, at(0));
    assert_eq!(noted(60).await, at(60));
    assert_eq!(noted(119).await, at(60));
    assert_eq!(noted(300).await, at(300));
    // A short life is lengthened by use as well.
    let sessions = Sessions::new().idle(Duration::from_secs(8));
    let id = sessions.begin(&store, "ann", None, at(400)).await.unwrap();
    for time in [403, 409, 416] {
        let found = sessions.find(&store, &id, at(time)).await.unwrap();
        assert!(found.is_some(), "{time}");
    }
    assert_eq!(sessions.find(&store, &id, at(424)).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_store_in_memory_forgets_what_is_used_least() {
    let store = InMemorySessions::new(2.try_into().unwrap());
    let sessions = Sessions::new();
    let first = sessions.begin(&store, "ann", None, at(0)).await.unwrap();
    let second = sessions.begin(&store, "ben", None, at(1)).await.unwrap();
    assert!(
        sessions
            .find(&store, &first, at(100))
            .await
            .unwrap()
            .is_some()
    );
    let third = sessions.begin(&store, "eve", None, at(101)).await.unwrap();
    for (id, expected) in [(first, true), (second, false), (third, true)] {
        let found = sessions.find(&store, &id, at(102)).await.unwrap();
        assert_eq!(found.is_some(), expected, "{found:?}");
    }
}

#[tokio::test]
async fn what_the_server_sets_is_what_the_browser_sends_back() {
    let id = SessionId::generate();
    let set = id.set_cookie();
    let (sent, flags) = set.to_str().unwrap().split_once(';').unwrap();
    assert_eq!(flags, " Path=/; Secure; HttpOnly; SameSite=Lax");
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_str(sent).unwrap());
    let back = SessionId::sent(&headers).unwrap();
    assert_eq!(back.digest(), id.digest());
}
