//! What a caller gets, and when, while a cluster loses a master.

use std::time::{Duration, Instant};

use tenancy_core::ErrorKind;
use tenancy_core::redis::{Command, Event, Redis, Value};
use tenancy_tests::{Redis as Server, RedisCluster};

use super::subscriptions::{message, next, publish};
use super::{TIME_OUT, assert_outage, bytes, get, handle, hasty_handle, incr, recover, set};

/// A time-out until the loss is noticed, a vote, and a busy machine.
const TAKEOVER: Duration = Duration::from_secs(10);

/// What may be added to a time-out on a busy machine.
const ALLOWANCE: Duration = Duration::from_millis(50);

/// A master of whom two keys are, and a key of another.
struct Keys {
    master: Server,
    own: String,
    foreign: String,
}

impl Keys {
    async fn of(cluster: &RedisCluster) -> Self {
        let master = cluster.master_of("0").await;
        let mut foreign = "0".to_owned();
        for number in 1.. {
            foreign = number.to_string();
            if cluster.master_of(&foreign).await.port() != master.port() {
                break;
            }
        }
        Self {
            master,
            own: "0".to_owned(),
            foreign,
        }
    }
}

async fn count_is_replicated(redis: &Redis, keys: &Keys) {
    redis.command(incr(&keys.own)).await.unwrap();
    redis.command(set(&keys.foreign, "there")).await.unwrap();
    // The replica has the count when the master says so, and not before.
    let master = handle(&keys.master.url());
    let mut turns = tokio::time::interval(Duration::from_millis(10));
    loop {
        turns.tick().await;
        let info = Command::new("INFO").arg("replication");
        let info = master.command(info).await.unwrap();
        let info = info.into_bytes().unwrap().unwrap();
        let info = String::from_utf8(info.into()).unwrap();
        let number = |name: &str| {
            let (_, rest) = info.split_once(name).unwrap();
            let digits = rest.split(|other: char| !other.is_ascii_digit());
            digits.into_iter().next().unwrap().to_owned()
        };
        if info.contains("connected_slaves:1")
            && number("master_repl_offset:") == number(",offset=")
        {
            return;
        }
    }
}

#[tokio::test]
async fn a_killed_master_costs_only_its_own_keys_until_its_replica_takes_over() {
    let cluster = RedisCluster::start().await;
    let redis = hasty_handle(&cluster.url());
    let keys = Keys::of(&cluster).await;
    recover(&redis, get(&keys.own)).await;
    count_is_replicated(&redis, &keys).await;

    let began = Instant::now();
    keys.master.kill().await;
    let mut turns = tokio::time::interval(Duration::from_millis(10));
    let answer = loop {
        turns.tick().await;
        let asked = Instant::now();
        let pipeline = vec![incr(&keys.own), get(&keys.foreign)];
        let mut answers = redis.pipeline(pipeline).await.into_iter();
        let own = answers.next().unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), bytes("there"));
        assert!(asked.elapsed() < TIME_OUT + ALLOWANCE);
        match own {
            Ok(answer) => break answer,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
        assert!(began.elapsed() < TAKEOVER);
    };
    assert_eq!(answer, Value::Integer(2));

    keys.master.restart().await;
    cluster.master_of(&keys.own).await;
    assert_eq!(
        redis.command(incr(&keys.own)).await.unwrap(),
        Value::Integer(3)
    );
}

#[tokio::test]
async fn a_frozen_master_costs_one_time_out_until_its_replica_takes_over() {
    let cluster = RedisCluster::start().await;
    let redis = hasty_handle(&cluster.url());
    let keys = Keys::of(&cluster).await;
    recover(&redis, get(&keys.own)).await;
    count_is_replicated(&redis, &keys).await;

    let began = Instant::now();
    keys.master.pause().await;
    let mut kinds = Vec::new();
    let mut turns = tokio::time::interval(Duration::from_millis(10));
    let answer = loop {
        turns.tick().await;
        assert_eq!(
            redis.command(get(&keys.foreign)).await.unwrap(),
            bytes("there")
        );
        match redis.command(incr(&keys.own)).await {
            Ok(answer) => break answer,
            Err(error) => kinds.push(error.kind()),
        }
        assert!(began.elapsed() < TAKEOVER);
    };
    assert_eq!(answer, Value::Integer(2));
    let time_outs = kinds.iter().filter(|kind| **kind == ErrorKind::TimedOut);
    assert_eq!(time_outs.count(), 1, "{kinds:?}");

    keys.master.resume().await;
    cluster.master_of(&keys.own).await;
    assert_eq!(
        redis.command(incr(&keys.own)).await.unwrap(),
        Value::Integer(3)
    );
}

#[tokio::test]
async fn an_orderly_takeover_loses_nothing() {
    let cluster = RedisCluster::start().await;
    let redis = handle(&cluster.url());
    redis.command(set("count", "0")).await.unwrap();
    let counting = async {
        let mut done = 0;
        while done < 2000 {
            match redis.command(incr("count")).await {
                Ok(answer) => {
                    done += 1;
                    assert_eq!(answer, Value::Integer(done));
                }
                Err(error) => assert_outage(&error),
            }
        }
    };
    let (new, ()) = tokio::join!(cluster.fail_over("count"), counting);
    assert_eq!(cluster.master_of("count").await.port(), new.port());
    assert_eq!(redis.command(get("count")).await.unwrap(), bytes("2000"));
}

#[tokio::test]
async fn a_cluster_that_starts_after_its_client_is_found() {
    let cluster = RedisCluster::start().await;
    for node in cluster.nodes() {
        node.kill().await;
    }
    let redis = hasty_handle(&cluster.url());
    let error = redis.command(get("key")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for node in cluster.nodes() {
        node.restart().await;
    }
    let (answer, took) = recover(&redis, get("key")).await;
    assert_eq!(answer, Value::Nil);
    assert!(took < TAKEOVER, "{took:?}");
}

#[tokio::test]
async fn a_subscription_moves_to_another_node_when_its_own_is_killed() {
    let cluster = RedisCluster::start().await;
    let redis = handle(&cluster.url());
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    let mut listened_at = None;
    for node in cluster.nodes() {
        let count = Command::new("PUBLISH").arg("news").arg("");
        let heard = handle(&node.url()).command(count).await.unwrap();
        if heard == Value::Integer(1) {
            listened_at = Some(node);
        }
        assert_eq!(next(&mut subscription).await, message(""));
    }
    listened_at.unwrap().kill().await;
    assert_eq!(next(&mut subscription).await, Event::Disconnected);
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    recover(&redis, publish("moved")).await;
    assert_eq!(next(&mut subscription).await, message("moved"));
}
