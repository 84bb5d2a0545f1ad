//! A cluster in good health, and one whose slots are on the move.

use std::collections::HashSet;

use tenancy_core::ErrorKind;
use tenancy_core::redis::{BreakerState, Command, Event, EvictionScope, Script, Value};
use tenancy_tests::RedisCluster;

use super::subscriptions::{message, next, publish};
use super::{administer, ask, bytes, cause, get, handle, incr, set};

#[tokio::test]
async fn a_pipeline_reaches_the_keys_of_every_master() {
    let cluster = RedisCluster::shared().await;
    let redis = handle(&cluster.url());
    let keys: Vec<_> = (0..300).map(|number| format!("spread:{number}")).collect();
    let stored = redis.pipeline(keys.iter().map(|key| set(key, key)).collect());
    for answer in stored.await {
        assert_eq!(answer.unwrap(), bytes("OK"));
    }
    let read = redis
        .pipeline(keys.iter().map(|key| get(key)).collect())
        .await;
    for (key, answer) in keys.iter().zip(read) {
        assert_eq!(answer.unwrap(), Value::Bytes(key.clone().into()));
    }
    let mut masters = HashSet::new();
    for key in &keys[..50] {
        masters.insert(cluster.master_of(key).await.port());
    }
    assert_eq!(masters.len(), 3);
    let breakers = redis.breakers();
    let closed = breakers
        .iter()
        .filter(|(_, state)| *state == BreakerState::Closed);
    assert_eq!(closed.count(), 3, "{breakers:?}");
}

#[tokio::test]
async fn one_node_is_enough_to_find_the_others() {
    let cluster = RedisCluster::shared().await;
    for node in cluster.nodes() {
        let redis = handle(&format!("redis-cluster://127.0.0.1:{}", node.port()));
        for key in ["a", "b", "c", "d"] {
            redis.command(set(key, "value")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_script_runs_at_every_master_before_and_after_they_forget_it() {
    let cluster = RedisCluster::shared().await;
    let redis = handle(&cluster.url());
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let keys: Vec<_> = (0..30).map(|number| format!("sum:{number}")).collect();
    for round in 1..=3 {
        let calls = keys.iter().map(|key| script.call([key.as_str()], [2]));
        for answer in redis.pipeline(calls.collect()).await {
            assert_eq!(answer.unwrap(), Value::Integer(2 * round));
        }
        for node in cluster.nodes() {
            administer(node, "SCRIPT FLUSH").await;
        }
    }
}

#[tokio::test]
async fn keys_of_several_slots_are_refused_in_one_command_and_taken_with_a_tag() {
    let cluster = RedisCluster::shared().await;
    let redis = handle(&cluster.url());
    let set_two = |first: &str, second: &str| {
        let first = Command::new("MSET").key(first).arg(1);
        first.key(second).arg(2)
    };
    let error = redis.command(set_two("ann", "bob")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(cause(&error).starts_with("CROSSSLOT"), "{}", cause(&error));
    let answer = redis.command(set_two("{t}ann", "{t}bob")).await.unwrap();
    assert_eq!(answer, bytes("OK"));
}

#[tokio::test]
async fn a_message_is_heard_wherever_it_is_published() {
    let cluster = RedisCluster::shared().await;
    let redis = handle(&cluster.url());
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    for node in cluster.nodes() {
        let text = node.port().to_string();
        let node = handle(&node.url());
        node.command(publish(&text)).await.unwrap();
        assert_eq!(next(&mut subscription).await, message(&text));
    }
}

#[tokio::test]
async fn the_worst_policy_of_the_masters_counts() {
    let cluster = RedisCluster::shared().await;
    let redis = handle(&cluster.url());
    let eviction = redis.eviction().await.unwrap();
    assert_eq!(eviction.scope(), EvictionScope::Nothing);

    let node = &cluster.nodes()[1];
    administer(node, "CONFIG SET maxmemory-policy allkeys-lru").await;
    let eviction = redis.eviction().await.unwrap();
    assert_eq!(eviction.scope(), EvictionScope::AnyKey);
    let expected = format!("Redis at 127.0.0.1:{} drops any key", node.port());
    assert!(eviction.to_string().starts_with(&expected), "{eviction}");
    administer(node, "CONFIG SET maxmemory-policy noeviction").await;
}

#[tokio::test]
async fn keys_are_found_while_their_slot_moves_and_after() {
    let cluster = RedisCluster::shared().await;
    let redis = handle(&cluster.url());
    redis.command(set("{move}old", "old")).await.unwrap();
    let from = cluster.master_of("{move}").await;
    let masters = &cluster.nodes()[..3];
    let to = masters
        .iter()
        .find(|node| node.port() != from.port())
        .unwrap();
    let from_id = ask(&from, "CLUSTER MYID").await;
    let to_id = ask(to, "CLUSTER MYID").await;
    let slot = ask(&from, "CLUSTER KEYSLOT {move}").await;
    let slot = slot.trim_start_matches(':');

    administer(to, &format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}")).await;
    administer(&from, &format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}")).await;
    // A key that the old master does not hold is to be asked for at the new one.
    for visits in 1..=20 {
        let answers = redis
            .pipeline(vec![incr("{move}new"), get("{move}old")])
            .await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [Value::Integer(visits), bytes("old")]);
    }

    let migrate = format!("MIGRATE 127.0.0.1 {} {{move}}old 0 5000", to.port());
    administer(&from, &migrate).await;
    for node in [to, &from] {
        administer(node, &format!("CLUSTER SETSLOT {slot} NODE {to_id}")).await;
    }
    let answers = redis
        .pipeline(vec![incr("{move}new"), get("{move}old")])
        .await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Value::Integer(21), bytes("old")]);
}
