//! The example with a pool and a table of its own, as its first lines say to run it.

use std::process::Command;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_tests::{Postgres, Server, TestDatabase};

const SCHEMA: &str = include_str!("../../../examples/embed-postgres/schema.sql");

async fn as_owner(database: &TestDatabase, statements: &str) {
    let mut conn = PgConnection::connect(&database.owner_url()).await.unwrap();
    let statements = AssertSqlSafe(statements);
    sqlx::raw_sql(statements).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

fn example() -> Command {
    let mut command = Command::new(Server::built("embed-postgres"));
    command.env_remove("DATABASE_URL");
    command
}

/// The status and body of the front page.
async fn get(server: &Server, host: &str) -> (u16, String) {
    let printed = server.stdout();
    let (_, address) = printed.split_once("listening on ").unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}/", address.trim());
    let response = client.get(url).header("host", host).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn an_existing_table_is_served_to_its_accounts_once_it_is_isolated() {
    let database = Postgres::shared().await.empty_database().await;
    as_owner(&database, &SCHEMA.replace("shop_server", "tenancy_app")).await;
    let grant = "GRANT SELECT ON orders TO tenancy_app";
    as_owner(&database, grant).await;
    // As it was, it serves nobody.
    let refused = example().env("DATABASE_URL", database.app_url()).output();
    let refused = refused.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(
        said.contains("- table public.orders has row-level security switched off"),
        "{said}"
    );

    let printed = example().arg("tenancy_app").output().unwrap();
    let migration = String::from_utf8(printed.stdout).unwrap();
    as_owner(&database, &migration).await;
    let server = Server::builder(Server::built("embed-postgres"))
        .env("DATABASE_URL", database.app_url())
        .env("LISTEN", "127.0.0.1:0")
        .ready_when_printed("listening on")
        .start()
        .await;
    let of_acme = (200, r#"["anvil","rope"]"#.to_owned());
    assert_eq!(get(&server, "acme.localhost").await, of_acme);
    let of_bolt = (200, r#"["nut"]"#.to_owned());
    assert_eq!(get(&server, "bolt.localhost").await, of_bolt);
    assert_eq!(get(&server, "nobody.localhost").await.0, 404);
    assert_eq!(get(&server, "localhost").await.0, 404);
}

#[test]
fn without_a_database_it_says_what_to_set() {
    let failed = example().output().unwrap();
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(!failed.status.success());
    assert!(said.contains("set DATABASE_URL"), "{said}");
}
