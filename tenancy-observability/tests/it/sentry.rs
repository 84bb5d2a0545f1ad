use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tenancy_observability::outgoing::SlowOutgoing;
use tenancy_observability::sentry::{InvalidDsn, SentryLayer};
use tracing_subscriber::prelude::*;

/// A server that takes one event, and what it was sent.
fn server() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://a-public-key@{}/42", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let (mut received, mut part) = (String::new(), [0; 4096]);
        loop {
            let read = connection.read(&mut part).unwrap();
            received.push_str(std::str::from_utf8(&part[..read]).unwrap());
            let Some((head, body)) = received.split_once("\r\n\r\n") else {
                continue;
            };
            let lines = head.lines().map(str::to_lowercase);
            let length = lines
                .filter_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .next();
            if length.is_some_and(|length: usize| body.len() >= length) {
                connection
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .unwrap();
                return received;
            }
        }
    });
    (dsn, taken)
}

/// What an envelope says of its one event.
fn event(envelope: &str) -> Value {
    let body = envelope.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body.lines().nth(2).unwrap()).unwrap()
}

#[test]
fn an_error_is_told_with_its_tenant_and_its_request_and_nothing_secret() {
    let (dsn, taken) = server();
    let sentry = SentryLayer::new(&dsn, "production").unwrap();
    let subscriber = tracing_subscriber::registry().with(sentry.clone());
    tracing::subscriber::with_default(subscriber, || {
        // Two requests on one thread, in turns.
        let one = tracing::error_span!(
            "request",
            id = "r-1",
            tenant = tracing::field::Empty,
            path = "/a-path"
        );
        let other = tracing::error_span!("request", request_id = "r-2", tenant = "globex");
        one.record("tenant", "acme");
        other.in_scope(|| tracing::warn!("not an error"));
        one.in_scope(|| {
            let inner = tracing::error_span!("inner", id = "a-secret", password = "a-secret");
            let _entered = inner.enter();
            tracing::error!(error = %"the disk is full", token = "a-secret", "an order was lost");
        });
    });
    assert!(sentry.close(Duration::from_secs(10)));
    let received = taken.join().unwrap();
    assert!(
        received.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"),
        "{received}"
    );
    let event = event(&received);
    assert_eq!(event["message"], "an order was lost");
    assert_eq!(event["environment"], "production");
    assert_eq!(
        event["tags"],
        serde_json::json!({"tenant": "acme", "request_id": "r-1"})
    );
    assert_eq!(
        event["extra"],
        serde_json::json!({"error": "the disk is full"})
    );
    let said = event.to_string();
    for other in [
        "a-secret",
        "a-path",
        "globex",
        "r-2",
        "not an error",
        "127.0.0.1",
    ] {
        assert!(!said.contains(other), "{other} in {said}");
    }
}

#[test]
fn what_belongs_to_nobody_gets_no_tag_of_the_one_before() {
    let (dsn, taken) = server();
    let sentry = SentryLayer::new(&dsn, "production").unwrap();
    let subscriber = tracing_subscriber::registry().with(sentry.clone());
    tracing::subscriber::with_default(subscriber, || {
        tracing::error_span!("request", request_id = "r-1", tenant = "acme").in_scope(|| {});
        tracing::error!("the platform's own");
    });
    assert!(sentry.close(Duration::from_secs(10)));
    let event = event(&taken.join().unwrap());
    assert_eq!(event["message"], "the platform's own");
    assert!(
        event
            .get("tags")
            .is_none_or(|tags| tags == &serde_json::json!({})),
        "{event}"
    );
}

#[test]
fn an_address_that_is_none_is_refused_without_repeating_it() {
    assert_eq!(
        SentryLayer::new("https://sentry.example", "production").unwrap_err(),
        InvalidDsn
    );
    assert!(!InvalidDsn.to_string().contains("sentry.example"));
    let sentry = SentryLayer::new("https://a-public-key@sentry.example/42", "production").unwrap();
    assert!(!format!("{sentry:?}").contains("a-public-key"));
}

/// A thousand errors while Sentry takes a connection and says nothing: nobody waits, and the end does not.
#[test]
fn a_sentry_that_says_nothing_delays_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let dsn = format!("http://a-public-key@{}/42", listener.local_addr().unwrap());
    let sentry = SentryLayer::new(&dsn, "production").unwrap();
    let subscriber = tracing_subscriber::registry().with(sentry.clone());
    tracing::subscriber::with_default(subscriber, || {
        for at in 0..1000 {
            tracing::error!(work = at, "it broke again");
        }
    });
    // It is known to be stuck: that it is told so, and does not wait, is the test.
    assert!(!sentry.close(Duration::from_millis(100)));
}

#[test]
fn what_sentry_takes_long_for_or_does_not_answer_is_counted() {
    let slow = SlowOutgoing::new(Duration::ZERO);
    let tell = |dsn: &str| {
        let sentry = SentryLayer::observed(dsn, "production", &slow).unwrap();
        let subscriber = tracing_subscriber::registry().with(sentry.clone());
        tracing::subscriber::with_default(subscriber, || tracing::error!("an order was lost"));
        assert!(sentry.close(Duration::from_secs(10)));
    };
    let (dsn, taken) = server();
    tell(&dsn);
    taken.join().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    tell(&format!("http://a-public-key@{silent}/42"));
    let host = |dsn: &str| dsn.split(['@', '/']).nth(3).unwrap().to_owned();
    let mut expected = [
        (host(&dsn), "POST".to_owned(), 0, Some(200)),
        (silent, "POST".to_owned(), 1, None),
    ];
    expected.sort_unstable();
    let worst = slow.worst(10);
    let mut told: Vec<_> = worst
        .iter()
        .map(|server| {
            let (host, method) = (server.host.to_string(), server.method.to_string());
            assert_eq!(server.slow, 1, "{server:?}");
            (host, method, server.failures, server.status)
        })
        .collect();
    told.sort_unstable();
    assert_eq!(told, expected);
}
