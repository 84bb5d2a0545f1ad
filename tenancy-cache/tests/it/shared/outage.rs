//! The store refused, and the store hung.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tenancy_core::redis::BreakerState;
use tenancy_tests::Redis as Server;
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::{BOUND, LISTS, PATIENCE, Site, ready};
use crate::town::Source;

/// What may be added to a time-out on a busy machine.
const ALLOWANCE: Duration = Duration::from_millis(150);

#[tokio::test]
async fn while_the_store_is_refused_hits_cost_what_they_cost_before() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (shop, source) = (site.node().await, Source::default());
    server.kill().await;
    sleep(BOUND + ALLOWANCE).await;
    assert!(!shop.is_proven());
    let began = Instant::now();
    let mut hits = 0;
    while began.elapsed() < BOUND * 2 {
        source.through(&shop, &LISTS, "list", &[]).await.unwrap();
        hits += 1;
    }
    // It is loaded once in each bound, and else answered from memory.
    let readings = source.readings();
    assert!((2..=4).contains(&readings), "{readings}");
    assert!(hits > 2_000, "{hits}");
}

#[tokio::test]
async fn while_the_store_is_refused_a_failing_load_falls_back_on_what_is_sure() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (shop, source) = (site.node().await, Source::default());
    let brief = LISTS.time_to_live(Duration::from_millis(50));
    server.kill().await;
    assert_eq!(source.through(&shop, &brief, "list", &[]).await.unwrap(), 1);
    sleep(Duration::from_millis(80)).await;
    let fails = || async { Err::<u32, _>(std::io::Error::other("down")) };
    let value = shop.remember(&brief, "list", &[], fails).await.unwrap();
    assert_eq!(*value, 1);
    // What others may have flushed stands in for nothing.
    sleep(BOUND).await;
    let fails = || async { Err::<u32, _>(std::io::Error::other("down")) };
    shop.remember(&brief, "list", &[], fails).await.unwrap_err();
}

#[tokio::test]
async fn a_hung_store_costs_the_soft_time_out_once_and_piles_up_nothing() {
    const SOFT: Duration = Duration::from_millis(200);
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (shop, source) = (site.node().await, Source::default());
    let brief = LISTS
        .time_to_live(Duration::from_millis(20))
        .soft_time_out(SOFT);
    source.through(&shop, &brief, "list", &[]).await.unwrap();
    sleep(Duration::from_millis(30)).await;

    server.pause().await;
    let never = || std::future::pending::<Result<u32, Infallible>>();
    let began = Instant::now();
    let value = shop.remember(&brief, "list", &[], never).await.unwrap();
    let took = began.elapsed();
    assert_eq!(*value, 1);
    assert!(took < SOFT + ALLOWANCE, "{took:?}");

    // Until the first call has timed out the breaker cannot know.
    source.through(&shop, &LISTS, "first", &[]).await.unwrap();
    let state = site.redis.breakers()[0].1;
    assert_ne!(state, BreakerState::Closed);
    let before = Handle::current().metrics().num_alive_tasks();
    let began = Instant::now();
    for number in 0..500 {
        let key = format!("later-{number}");
        source.through(&shop, &LISTS, &key, &[]).await.unwrap();
    }
    // Between two trials a probe may be waited for; nothing waits 500 times.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    let alive = Handle::current().metrics().num_alive_tasks();
    assert!(alive <= before + 5, "{alive} tasks after {before}");

    server.resume().await;
    ready(shop).await;
    assert!(began.elapsed() < PATIENCE);
}
