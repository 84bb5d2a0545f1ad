use std::time::Duration;

use tenancy_tests::{Redis, RedisCluster};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn the_shared_server_is_one() {
    let (first, second) = tokio::join!(Redis::shared(), Redis::shared());
    assert_eq!(first.url(), second.url());
    assert_eq!(ask(&mut connect(first).await, "PING").await, "+PONG");
}

#[tokio::test]
async fn a_stopped_server_refuses_and_a_restarted_one_is_empty() {
    let redis = Redis::start().await;
    let mut connection = connect(&redis).await;
    assert_eq!(ask(&mut connection, "INCR visits").await, ":1");

    redis.stop().await;
    assert_eq!(ask(&mut connection, "PING").await, "");
    assert_eq!(redis.pid(), None);
    assert!(
        TcpStream::connect(("127.0.0.1", redis.port()))
            .await
            .is_err()
    );

    redis.restart().await;
    assert_eq!(ask(&mut connect(&redis).await, "INCR visits").await, ":1");
}

#[tokio::test]
async fn a_killed_server_that_appends_to_a_file_keeps_its_data() {
    let redis = Redis::builder().setting("appendonly", "yes").start().await;
    assert_eq!(ask(&mut connect(&redis).await, "INCR visits").await, ":1");
    redis.kill().await;
    assert_eq!(redis.pid(), None);
    redis.restart().await;
    assert_eq!(ask(&mut connect(&redis).await, "INCR visits").await, ":2");
}

#[tokio::test]
async fn a_paused_server_answers_nobody_until_it_is_resumed() {
    let redis = Redis::start().await;
    let mut connection = connect(&redis).await;
    redis.pause().await;
    let mut asked = Box::pin(ask(&mut connection, "PING"));
    assert!(
        timeout(Duration::from_millis(200), &mut asked)
            .await
            .is_err()
    );
    redis.resume().await;
    assert_eq!(asked.await, "+PONG");
}

#[tokio::test]
async fn a_server_that_refuses_its_settings_shows_its_log() {
    let refused = Redis::builder()
        .setting("maxmemory", "plenty")
        .try_start()
        .await;
    let message = refused.unwrap_err().to_string();
    assert!(message.starts_with("Redis ended with"), "{message}");
    assert!(
        message.contains("argument must be a memory value"),
        "{message}"
    );
}

#[tokio::test]
async fn a_missing_program_is_named_with_its_package() {
    let missing = Redis::builder()
        .program("/nowhere/redis-server")
        .try_start()
        .await;
    assert_eq!(
        missing.unwrap_err().to_string(),
        "/nowhere/redis-server is not installed: apt-get install redis-server"
    );
}

async fn connect(redis: &Redis) -> BufReader<TcpStream> {
    BufReader::new(
        TcpStream::connect(("127.0.0.1", redis.port()))
            .await
            .unwrap(),
    )
}

/// Sends one command and reads the first line of the reply, which is empty when there is none.
async fn ask(connection: &mut BufReader<TcpStream>, command: &str) -> String {
    let mut reply = String::new();
    if connection
        .write_all(format!("{command}\r\n").as_bytes())
        .await
        .is_ok()
    {
        let _ = connection.read_line(&mut reply).await;
    }
    reply.trim_end().to_owned()
}

#[tokio::test]
async fn a_cluster_replaces_a_killed_master_and_takes_it_back_as_a_replica() {
    let cluster = RedisCluster::start().await;
    let old = cluster.master_of("visits").await;
    let mut connection = connect(&old).await;
    assert_eq!(ask(&mut connection, "INCR visits").await, ":1");
    assert_eq!(ask(&mut connection, "WAIT 1 5000").await, ":1");

    old.kill().await;
    let new = cluster.successor_of(&old, "visits").await;
    assert_ne!(new.port(), old.port());
    assert_eq!(ask(&mut connect(&new).await, "INCR visits").await, ":2");

    old.restart().await;
    assert_eq!(cluster.master_of("visits").await.port(), new.port());
}

#[tokio::test]
async fn a_replica_takes_over_in_an_orderly_way() {
    let cluster = RedisCluster::start().await;
    let old = cluster.master_of("orders").await;
    assert_eq!(ask(&mut connect(&old).await, "INCR orders").await, ":1");
    let new = cluster.fail_over("orders").await;
    assert_ne!(new.port(), old.port());
    assert_eq!(ask(&mut connect(&new).await, "INCR orders").await, ":2");
}
