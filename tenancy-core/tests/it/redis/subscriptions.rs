use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tenancy_core::redis::{Command, Event, Redis, Subscription, Value};
use tenancy_tests::Redis as Server;
use tokio::time::timeout;

use super::{PATIENCE, handle, recover};

pub(super) async fn next(subscription: &mut Subscription) -> Event {
    let next = timeout(PATIENCE, subscription.next());
    next.await.expect("something happens")
}

pub(super) fn publish(text: &str) -> Command {
    Command::new("PUBLISH").arg("news").arg(text)
}

pub(super) fn message(text: &str) -> Event {
    Event::Message(text.to_owned().into())
}

#[tokio::test]
async fn a_message_arrives_once_the_subscription_stands() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    let heard = redis.command(publish("hello")).await.unwrap();
    assert_eq!(heard, Value::Integer(1));
    let elsewhere = Command::new("PUBLISH").arg("gossip").arg("hello");
    assert_eq!(redis.command(elsewhere).await.unwrap(), Value::Integer(0));
    redis.command(publish("")).await.unwrap();
    assert_eq!(next(&mut subscription).await, message("hello"));
    assert_eq!(next(&mut subscription).await, message(""));
}

#[tokio::test]
async fn a_slow_reader_is_told_how_much_it_missed_and_reads_on() {
    let server = Server::start().await;
    let redis = Redis::builder(&server.url())
        .time_out(PATIENCE)
        .events_max(64);
    let redis = redis.build().unwrap();
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);

    const PUBLISHED: u64 = 1000;
    let messages = || (0..PUBLISHED).map(|number| publish(&number.to_string()));
    // A burst is too fast for the task that takes the messages over, a stream for the reader only.
    for is_burst in [true, false] {
        if is_burst {
            redis.pipeline(messages().collect()).await;
        } else {
            for message in messages() {
                redis.command(message).await.unwrap();
            }
        }
        let (mut missed, mut read) = (0, 0);
        while missed + read < PUBLISHED {
            match next(&mut subscription).await {
                Event::Lagged(count) => missed += count,
                Event::Message(_) => read += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(missed + read, PUBLISHED);
        assert!(
            // The inbox's 64, and what came in while they were read.
            (1..PUBLISHED / 2).contains(&read),
            "{read} read of a burst: {is_burst}"
        );
    }

    redis.command(publish("and on")).await.unwrap();
    assert_eq!(next(&mut subscription).await, message("and on"));
}

#[tokio::test]
async fn a_lost_connection_is_told_at_once_and_again_when_the_subscription_stands() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    for round in ["first", "second", "third"] {
        let began = Instant::now();
        server.kill().await;
        assert_eq!(next(&mut subscription).await, Event::Disconnected);
        let took = began.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");

        server.restart().await;
        assert_eq!(next(&mut subscription).await, Event::Subscribed);
        recover(&redis, publish(round)).await;
        assert_eq!(next(&mut subscription).await, message(round));
    }
}

#[tokio::test]
async fn a_frozen_server_is_a_lost_connection() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    server.pause().await;
    let began = Instant::now();
    assert_eq!(next(&mut subscription).await, Event::Disconnected);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    server.resume().await;
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
}

#[tokio::test]
async fn a_subscription_begins_when_its_server_does() {
    let server = Server::start().await;
    server.stop().await;
    let redis = handle(&server.url());
    let mut subscription = redis.subscribe("news");
    let quiet = timeout(Duration::from_millis(300), subscription.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    server.restart().await;
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
}

#[tokio::test]
async fn a_read_that_is_dropped_takes_no_message() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let mut subscription = redis.subscribe("news");
    assert_eq!(next(&mut subscription).await, Event::Subscribed);
    let mut read = BTreeSet::new();
    for number in 0..200_u64 {
        redis.command(publish(&number.to_string())).await.unwrap();
        let impatient = Duration::from_micros(number % 20);
        if let Ok(Event::Message(text)) = timeout(impatient, subscription.next()).await {
            read.insert(text);
        }
    }
    while read.len() < 200 {
        match next(&mut subscription).await {
            Event::Message(text) => assert!(read.insert(text)),
            other => panic!("{other:?}"),
        }
    }
}
