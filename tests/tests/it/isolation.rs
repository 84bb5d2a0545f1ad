//! The reference server and the audit: what it refuses to serve from, and what it says.

use std::convert::Infallible;
use std::process::Command;

use tenancy_tests::{Postgres, Server, TestDatabase};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A database as `platform migrate` leaves it.
async fn migrated() -> TestDatabase {
    let migrate = async |owner_url: &str| {
        let done = Command::new(Server::built("platform"))
            .env("TENANCY_OWNER_DATABASE_URL", owner_url)
            .args(["migrate", "--app-role", "tenancy_app"])
            .status();
        assert!(done.unwrap().success());
        Ok::<_, Infallible>(())
    };
    Postgres::shared()
        .await
        .database("platform-isolation", migrate)
        .await
}

async fn as_owner(database: &TestDatabase, statement: &'static str) {
    use sqlx::Connection as _;
    let mut conn = sqlx::PgConnection::connect(&database.owner_url())
        .await
        .unwrap();
    sqlx::raw_sql(statement).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// What `serve` says when it refuses.
async fn refusal(url: &str) -> String {
    let server = Server::builder(Server::built("platform"))
        .args(["serve", "--listen", &Server::free_address().to_string()])
        .env("TENANCY_DATABASE_URL", url)
        .env("TENANCY_SECRET", SECRET)
        .start()
        .await;
    let status = server.wait().await.expect("it refuses to serve");
    assert!(!status.success(), "{}", server.stderr());
    server.stderr()
}

/// Whether `health` is content, and the document it prints.
fn health(url: &str) -> (bool, serde_json::Value) {
    let done = Command::new(Server::built("platform"))
        .env("TENANCY_DATABASE_URL", url)
        .env("TENANCY_SECRET", SECRET)
        .args(["health", "--json"])
        .output()
        .unwrap();
    (
        done.status.success(),
        serde_json::from_slice(&done.stdout).unwrap(),
    )
}

#[tokio::test]
async fn it_does_not_serve_as_a_superuser_or_as_the_owner() {
    let database = migrated().await;
    let said = refusal(&database.superuser_url()).await;
    assert!(said.contains("role postgres is a superuser"), "{said}");
    assert_eq!(said.matches("\n- ").count(), 1, "{said}");
    let said = refusal(&database.owner_url()).await;
    assert!(
        said.contains("by the login tenancy_owner, the owner"),
        "{said}"
    );
    assert_eq!(said.matches("\n- ").count(), 1, "{said}");
}

#[tokio::test]
async fn it_names_what_leaks_and_serves_once_that_was_mended() {
    let database = migrated().await;
    let url = database.app_url();
    let (content, document) = health(&url);
    assert!(content, "{document}");
    let none = serde_json::json!({ "findings": [], "warnings": [], "accepted": [] });
    assert_eq!(document["isolation"], none);

    as_owner(
        &database,
        "ALTER TABLE commerce_orders DISABLE ROW LEVEL SECURITY",
    )
    .await;
    let mend =
        "ALTER TABLE public.commerce_orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY";
    let said = refusal(&url).await;
    let finding =
        format!("table public.commerce_orders has row-level security switched off: {mend}");
    assert!(said.contains(&finding), "{said}");
    let (content, document) = health(&url);
    assert!(!content);
    assert_eq!(document["status"], "failed");
    let [found] = &document["isolation"]["findings"].as_array().unwrap()[..] else {
        panic!("{document}");
    };
    assert_eq!(found["defect"], "row_security_off");
    assert_eq!(found["object"], "table public.commerce_orders");
    assert_eq!(found["fix"], mend);

    as_owner(&database, mend).await;
    let address = Server::free_address();
    let server = Server::builder(Server::built("platform"))
        .args(["serve", "--listen", &address.to_string()])
        .env("TENANCY_DATABASE_URL", &url)
        .env("TENANCY_SECRET", SECRET)
        .ready_when_answering(address)
        .start()
        .await;
    assert!(server.terminate().await.success());
}
