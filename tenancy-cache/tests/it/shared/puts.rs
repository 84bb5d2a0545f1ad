//! What is put while others flush.

use std::time::{Duration, Instant};

use tenancy_cache::{Flush, Tag, TenantCache};
use tokio::time::sleep;

use super::coherence::troubled;
use super::{LISTS, PATIENCE, shared_site};

/// How long a node's question and its answer are on their way.
const ON_THE_WAY: Duration = Duration::from_millis(100);

async fn get(shop: &TenantCache) -> Option<u32> {
    let value = shop.get::<u32>(&LISTS, "list").await.unwrap();
    value.map(|value| *value)
}

/// Puts a value whose tag nobody has used yet, so that the store has to be asked for its version, and
/// flushes a tag at that time.
async fn put_beside_a_flush(
    one: &TenantCache,
    flushes: &TenantCache,
    tag: &str,
    flushed: &str,
    how: Flush,
) {
    let tags = [Tag::from(tag)];
    let put = one.put(&LISTS, "list", &tags, 1_u32);
    let flush = async {
        sleep(ON_THE_WAY / 20).await;
        flushes.flush_tag(flushed, how).await.unwrap();
    };
    let (put, ()) = tokio::join!(put, flush);
    put.unwrap();
}

#[tokio::test]
async fn what_is_put_while_its_tag_is_flushed_counts_as_flushed() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    chaos.delay(ON_THE_WAY..=ON_THE_WAY);
    for round in 0..24 {
        let flushes = if round % 2 == 0 { &one } else { &other };
        let how = [Flush::Hard, Flush::Soft][round / 2 % 2];
        let tag = format!("tag-{round}");
        put_beside_a_flush(&one, flushes, &tag, &tag, how).await;
        for (name, shop) in [("here", &one), ("elsewhere", &other)] {
            let began = Instant::now();
            while let Some(value) = get(shop).await {
                assert!(began.elapsed() < PATIENCE, "round {round}: {value} {name}");
                sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_put_while_another_tag_is_flushed_is_kept() {
    let site = shared_site().await;
    let ((one, chaos), other) = (troubled(&site).await, site.node().await);
    chaos.delay(ON_THE_WAY..=ON_THE_WAY);
    for round in 0..12 {
        let flushes = if round % 2 == 0 { &one } else { &other };
        let tag = format!("tag-{round}");
        put_beside_a_flush(&one, flushes, &tag, "another", Flush::Hard).await;
        for shop in [&one, &other, &site.node().await] {
            assert_eq!(get(shop).await, Some(1), "round {round}");
        }
        other.remove(&LISTS, "list").await.unwrap();
        while get(&one).await.is_some() {
            sleep(Duration::from_millis(1)).await;
        }
    }
}
