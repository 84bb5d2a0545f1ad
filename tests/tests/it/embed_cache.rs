//! The example with accounts of its own, as its first lines say to run it.

use reqwest::Client;
use tenancy_tests::Server;

/// The status and body of an answer of the front page.
async fn ask(server: &Server, account: &str, add: Option<&str>) -> (u16, String) {
    let printed = server.stdout();
    let (_, address) = printed.split_once("listening on ").unwrap();
    let address = address.lines().next().unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/");
    let request = match add {
        Some(name) => client.post(url).body(name.to_owned()),
        None => client.get(url),
    };
    let host = format!("{account}.localhost");
    let response = request.header("host", host).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn goods_are_read_once_until_their_account_changes_them() {
    let server = Server::builder(Server::built("embed-cache"))
        .env("LISTEN", "127.0.0.1:0")
        .ready_when_printed("listening on")
        .start()
        .await;
    let list = async |account| ask(&server, account, None).await;
    let readings = || server.stdout().matches("reading the goods").count();
    let none = (200, "[]".to_owned());
    for account in ["acme", "acme", "bolt", "bolt"] {
        assert_eq!(list(account).await, none);
    }
    assert_eq!(readings(), 2);

    assert_eq!(ask(&server, "acme", Some("rope")).await.0, 201);
    for _ in 0..2 {
        assert_eq!(list("acme").await, (200, r#"["rope"]"#.to_owned()));
        assert_eq!(list("bolt").await, none);
    }
    assert_eq!(readings(), 3);
    assert_eq!(list("umbrella").await.0, 404);
}
