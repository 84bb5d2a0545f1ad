//! Errors that the running server tells to Sentry, and what it does while Sentry says nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};
use tenancy_tests::{HttpReceiver, Server};
use tokio::net::TcpListener;

use super::Town;

/// What a client sends that nobody else may see.
const SECRETS: [&str; 4] = [
    "hunter2-key",
    "hunter2-session",
    "hunter2-password",
    "hunter2-query",
];

/// The embedded mode with one thread for all requests, which tells its errors there.
async fn town(sentry: &str) -> Town {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        (
            "TENANCY_SENTRY_DSN",
            format!("http://a-public-key@{sentry}/42"),
        ),
        ("TENANCY_LIMITS__ENABLED", "false".to_owned()),
        ("TOKIO_WORKER_THREADS", "1".to_owned()),
    ];
    Town::start(address, settings, &[], None).await
}

/// Makes whoever signs in at these shops, and the platform's operators, meet a broken database.
async fn break_sign_in(town: &Town, shops: &[&str]) {
    let rename = |table: &str| format!("ALTER TABLE {table} RENAME TO hidden");
    let run = async |file: String, sql: String| {
        let mut connection = SqliteConnection::connect(&file).await.unwrap();
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        sql.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    };
    for shop in shops {
        let file = format!("{}/tenants/{shop}.db", town.data());
        run(file, rename("platform_users")).await;
    }
    let file = format!("{}/registry.db", town.data());
    run(file, rename("platform_operators")).await;
}

fn id(town: &Town, slug: &str) -> String {
    let shop = town.command(&["tenant", "show", slug]);
    shop["id"].as_str().unwrap().to_owned()
}

/// Signs in with secrets everywhere; the answer's status and its request's id.
async fn sign_in(town: &Town, host: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client
        .post(format!(
            "http://{}/api/login?token={}",
            town.address, SECRETS[3]
        ))
        .header("host", host)
        .header("cookie", format!("a={}", SECRETS[1]))
        .header("x-api-key", SECRETS[0])
        .json(&serde_json::json!({ "email": "a@b.example", "password": SECRETS[2] }))
        .send()
        .await
        .unwrap();
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    (answer.status().as_u16(), id)
}

/// The tags of the one event in an envelope.
fn tags(envelope: &str) -> Value {
    let event: Value = serde_json::from_str(envelope.lines().nth(2).unwrap()).unwrap();
    assert_eq!(event["environment"], "production", "{event}");
    event["tags"].clone()
}

#[tokio::test]
async fn an_error_is_told_for_its_own_shop_and_request_without_a_secret() {
    let sentry = HttpReceiver::start().await;
    let town = town(&sentry.authority()).await;
    let shops = ["quillmoor", "mistgate"].map(|slug| (slug, id(&town, slug)));
    break_sign_in(&town, &[&shops[0].1, &shops[1].1]).await;
    let visits = [
        ("quillmoor.localhost", Some(&shops[0].1)),
        ("mistgate.localhost", Some(&shops[1].1)),
        ("localhost", None),
        ("quillmoor.localhost", Some(&shops[0].1)),
    ];
    for (before, (host, tenant)) in visits.into_iter().enumerate() {
        let (status, request) = sign_in(&town, host).await;
        assert_eq!(status, 500, "{host}");
        let envelope = sentry.until(before + 1).await[before].text();
        let mut expected = serde_json::json!({ "request_id": request });
        if let Some(tenant) = tenant {
            expected["tenant"] = tenant.as_str().into();
        }
        assert_eq!(tags(&envelope), expected, "{host}");
        for secret in SECRETS {
            assert!(!envelope.contains(secret), "{secret}: {envelope}");
        }
    }
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn a_sentry_that_never_answers_delays_no_request() {
    const REQUESTS: usize = 100;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let town = town(&listener.local_addr().unwrap().to_string()).await;
    let connections = Arc::new(AtomicUsize::new(0));
    let accepted = connections.clone();
    tokio::spawn(async move {
        let mut held = vec![];
        loop {
            held.push(listener.accept().await.unwrap());
            accepted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let shop = id(&town, "quillmoor");
    break_sign_in(&town, &[&shop]).await;
    for _ in 0..REQUESTS {
        assert_eq!(sign_in(&town, "quillmoor.localhost").await.0, 500);
    }
    // Were one waited for after the other, there would be as many as errors.
    let connections = connections.load(Ordering::Relaxed);
    assert!(connections < REQUESTS / 2, "{connections}");
    assert_eq!(town.get("mistgate.localhost", "/").await.0, 200);
    assert!(town.server.terminate().await.success());
}
