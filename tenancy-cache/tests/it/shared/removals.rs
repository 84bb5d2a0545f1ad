//! What was removed or flushed where nobody was looking, and what goes on beside a removal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tenancy_cache::testing::Chaos;
use tenancy_cache::{Flush, TenantCache};
use tenancy_core::TenantScope;
use tenancy_core::redis::Script;
use tokio::time::sleep;

use super::{BOUND, LISTS, PATIENCE, Site, ready, shared_site};
use crate::town::Source;

async fn get(shop: &TenantCache, key: &str) -> Option<u32> {
    let value = shop.get::<u32>(&LISTS, key.to_owned()).await.unwrap();
    value.map(|value| *value)
}

/// Leaves one entry in each log, so that whoever was before it has missed some.
async fn trim_logs(site: &Site) {
    let trim = "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '{*}l')) do
        if redis.call('TYPE', key)['ok'] == 'stream' then
            redis.call('XTRIM', key, 'MAXLEN', 1)
        end
    end";
    let trim = Script::new(trim).call(Vec::<String>::new(), [site.prefix.clone()]);
    site.redis.command(trim).await.unwrap();
}

#[tokio::test]
async fn what_was_removed_in_a_part_of_the_log_that_is_gone_does_not_come_back() {
    let site = shared_site().await;
    let (one, chaos) = (site.node().await, Chaos::seeded(1));
    let other = site.node_over(chaos.wrap(site.remote())).await;
    one.put(&LISTS, "list", &[], 1_u32).await.unwrap();
    assert_eq!(get(&other, "list").await, Some(1));
    chaos.hide_news(true);
    one.remove(&LISTS, "list").await.unwrap();
    for _ in 0..3 {
        one.flush_tag("another", Flush::Hard).await.unwrap();
    }
    trim_logs(&site).await;
    sleep(BOUND).await;
    chaos.relent();
    let other = ready(other).await;
    // Learns the versions that the entry has as well; none of them has changed.
    let source = Source::default();
    source.through(&other, &LISTS, "next", &[]).await.unwrap();
    assert_eq!(get(&other, "list").await, None);
}

#[tokio::test]
async fn a_flush_is_heard_for_a_tenant_that_has_given_way_to_another() {
    let site = shared_site().await;
    let one = site.node().await;
    let cache = site.cache(site.remote());
    let cache = cache.capacity_bytes(65_536).guarantee_bytes(65_536);
    let cache = cache.shards(1).build();
    let other = ready(site.open(&cache)).await;
    one.put(&LISTS, "list", &[], 1_u32).await.unwrap();
    assert_eq!(get(&other, "list").await, Some(1));
    let scope: TenantScope = site.another("bolt").await;
    let guest = cache.tenant(&scope).unwrap();
    guest.put(&LISTS, "list", &[], 2_u32).await.unwrap();
    one.flush_tenant(Flush::Hard).await.unwrap();
    sleep(BOUND).await;
    assert_eq!(get(&other, "list").await, None);
}

#[tokio::test]
async fn what_is_taken_is_there_while_others_put_and_flush() {
    let site = shared_site().await;
    let shop = site.node().await;
    let ended = Arc::new(AtomicBool::new(false));
    let busy = tokio::spawn({
        let (shop, ended) = (shop.clone(), ended.clone());
        async move {
            for number in 0.. {
                if ended.load(Ordering::SeqCst) {
                    return number;
                }
                let key = format!("busy-{}", number % 7);
                shop.put(&LISTS, key, &[], number).await.unwrap();
                shop.flush_tag("busy", Flush::Hard).await.unwrap();
            }
            0
        }
    });
    let reader = site.node().await;
    for number in 0..200_u32 {
        shop.temporary().put("notice", number).await.unwrap();
        let taken = shop.temporary().take::<u32>("notice").await.unwrap();
        assert_eq!(taken.as_deref(), Some(&number));
        let key = format!("list-{number}");
        reader.put(&LISTS, key.clone(), &[], number).await.unwrap();
        assert_eq!(get(&shop, &key).await, Some(number));
    }
    ended.store(true, Ordering::SeqCst);
    assert!(busy.await.unwrap() > 50);
}

#[tokio::test]
async fn what_was_put_at_the_second_attempt_is_not_taken_away_for_the_first() {
    let site = shared_site().await;
    let chaos = Chaos::seeded(1);
    let shop = site.node_over(chaos.wrap(site.remote())).await;
    for round in 0..20_u32 {
        chaos.fail(1.0);
        shop.temporary().put("notice", round).await.unwrap_err();
        chaos.relent();
        let began = Instant::now();
        // Until what is owed is made up for, it says that it cannot.
        while shop.temporary().put("notice", round).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "what is owed stays owed");
            sleep(Duration::from_millis(1)).await;
        }
        sleep(Duration::from_millis(if round == 0 { 400 } else { 5 })).await;
        let taken = loop {
            match shop.temporary().take::<u32>("notice").await {
                Ok(taken) => break taken,
                Err(_) => assert!(began.elapsed() < PATIENCE, "what is owed stays owed"),
            }
            sleep(Duration::from_millis(5)).await;
        };
        assert_eq!(taken.as_deref(), Some(&round));
    }
}
