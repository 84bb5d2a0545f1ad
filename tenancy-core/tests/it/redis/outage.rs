//! What a caller gets, and when, while the one server is away.

use std::time::{Duration, Instant};

use tenancy_core::ErrorKind;
use tenancy_core::redis::{BreakerState, Redis, Value};
use tenancy_tests::Redis as Server;
use tokio::task::JoinSet;

use super::{PATIENCE, TIME_OUT, breaker, bytes, cause, get, hasty_handle, incr, recover, set};

/// What may be added to a time-out on a busy machine.
const ALLOWANCE: Duration = Duration::from_millis(50);

/// The kind of error that asking brings, and how long it took.
async fn failure(redis: &Redis) -> (ErrorKind, Duration) {
    let began = Instant::now();
    let error = redis.command(get("key")).await.unwrap_err();
    (error.kind(), began.elapsed())
}

#[tokio::test]
async fn a_server_that_starts_after_its_client_is_found() {
    let server = Server::start().await;
    server.stop().await;
    let redis = hasty_handle(&server.url());
    assert_eq!(redis.breakers(), []);

    let (kind, took) = failure(&redis).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(took < TIME_OUT, "{took:?}");
    assert_ne!(breaker(&redis), BreakerState::Closed);

    server.restart().await;
    let (answer, took) = recover(&redis, set("key", "value")).await;
    assert_eq!(answer, bytes("OK"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(breaker(&redis), BreakerState::Closed);
}

#[tokio::test]
async fn a_frozen_server_costs_one_time_out_and_then_nobodys_time() {
    let server = Server::start().await;
    let redis = hasty_handle(&server.url());
    redis.command(set("key", "value")).await.unwrap();
    server.pause().await;

    let (kind, took) = failure(&redis).await;
    assert_eq!(kind, ErrorKind::TimedOut);
    assert!((TIME_OUT..TIME_OUT + ALLOWANCE).contains(&took), "{took:?}");
    assert_ne!(breaker(&redis), BreakerState::Closed);

    // Longer than it takes to give the connection up and to try new ones.
    let until = Instant::now() + Duration::from_secs(4);
    let mut crowds = tokio::time::interval(Duration::from_millis(100));
    while Instant::now() < until {
        crowds.tick().await;
        let mut crowd = JoinSet::new();
        for _ in 0..20 {
            let redis = redis.clone();
            crowd.spawn(async move { failure(&redis).await });
        }
        for (kind, took) in crowd.join_all().await {
            assert_eq!(kind, ErrorKind::Unavailable);
            assert!(took < ALLOWANCE, "{took:?}");
        }
    }

    server.resume().await;
    let (answer, took) = recover(&redis, get("key")).await;
    assert_eq!(answer, bytes("value"));
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(breaker(&redis), BreakerState::Closed);
}

#[tokio::test]
async fn a_server_that_freezes_before_the_first_command_costs_no_more_than_the_time_out() {
    let server = Server::start().await;
    server.pause().await;
    let redis = hasty_handle(&server.url());
    for _ in 0..3 {
        let (_, took) = failure(&redis).await;
        assert!(took < TIME_OUT + ALLOWANCE, "{took:?}");
    }
    server.resume().await;
    let (answer, _) = recover(&redis, set("key", "value")).await;
    assert_eq!(answer, bytes("OK"));
}

#[tokio::test]
async fn a_short_hiccup_keeps_the_connection() {
    let server = Server::start().await;
    let redis = hasty_handle(&server.url());
    redis.command(set("key", "value")).await.unwrap();
    let connected = connections(&redis).await;
    server.pause().await;
    assert_eq!(failure(&redis).await.0, ErrorKind::TimedOut);
    server.resume().await;
    recover(&redis, get("key")).await;
    assert_eq!(connections(&redis).await, connected);
}

#[tokio::test]
async fn a_killed_server_is_noticed_at_once_and_found_again() {
    let server = Server::start().await;
    let redis = hasty_handle(&server.url());
    for round in 0..3 {
        let (answer, took) = recover(&redis, incr("key")).await;
        assert_eq!(answer, Value::Integer(1), "in round {round}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        server.kill().await;
        let (kind, took) = failure(&redis).await;
        assert_eq!(kind, ErrorKind::Unavailable);
        assert!(took < ALLOWANCE, "{took:?}");
        server.restart().await;
    }
}

#[tokio::test]
async fn commands_in_flight_fail_when_their_server_is_killed() {
    let server = Server::start().await;
    let redis = super::handle(&server.url());
    redis.command(set("key", "value")).await.unwrap();
    server.pause().await;
    let mut flight = JoinSet::new();
    for _ in 0..100 {
        let redis = redis.clone();
        flight.spawn(async move { failure(&redis).await });
    }
    tokio::task::yield_now().await;
    server.kill().await;
    for (kind, took) in flight.join_all().await {
        assert_eq!(kind, ErrorKind::Unavailable);
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_to_whoever_asks() {
    let server = Server::builder().setting("requirepass", "right");
    let server = server.start().await;
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let redis = super::handle(&url("wrong"));
    let error = redis.command(get("key")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(cause(&error).contains("WRONGPASS"), "{}", cause(&error));

    let redis = super::handle(&url("right"));
    assert_eq!(redis.command(get("key")).await.unwrap(), Value::Nil);
}

#[tokio::test]
async fn the_last_handle_closes_the_connections() {
    let server = Server::start().await;
    let witness = super::handle(&server.url());
    let alone = clients(&witness).await;
    let redis = super::handle(&server.url());
    let clone = redis.clone();
    let mut subscription = redis.subscribe("news");
    drop(redis);
    clone.command(get("key")).await.unwrap();
    subscription.next().await;
    assert_eq!(clients(&witness).await, alone + 2);
    drop(clone);
    drop(subscription);
    let closed = async {
        let mut turns = tokio::time::interval(Duration::from_millis(10));
        while clients(&witness).await != alone {
            turns.tick().await;
        }
    };
    let closed = tokio::time::timeout(PATIENCE, closed).await;
    closed.expect("the connections are closed");
}

/// How many connections the server has ever accepted.
async fn connections(redis: &Redis) -> String {
    info(redis, "stats", "total_connections_received:").await
}

/// How many connections the server has.
async fn clients(redis: &Redis) -> u32 {
    let count = info(redis, "clients", "connected_clients:").await;
    count.parse().unwrap()
}

async fn info(redis: &Redis, section: &str, name: &str) -> String {
    let command = tenancy_core::redis::Command::new("INFO").arg(section);
    let info = redis.command(command).await.unwrap();
    let info = info.into_bytes().unwrap().unwrap();
    let info = str::from_utf8(&info).unwrap();
    let mut lines = info.lines().filter_map(|line| line.strip_prefix(name));
    lines.next().unwrap().to_owned()
}
