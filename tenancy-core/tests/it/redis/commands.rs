use tenancy_core::ErrorKind;
use tenancy_core::redis::{Command, Script, Value};
use tenancy_tests::Redis as Server;

use super::{bytes, cause, handle};

#[tokio::test]
async fn a_command_is_answered_by_what_the_server_holds() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let get = || Command::new("GET").key("greeting");
    assert_eq!(redis.command(get()).await.unwrap(), Value::Nil);

    let set = Command::new("SET").key("greeting").arg("hello");
    assert_eq!(redis.command(set).await.unwrap(), bytes("OK"));
    assert_eq!(redis.command(get()).await.unwrap(), bytes("hello"));
}
