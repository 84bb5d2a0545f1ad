//! Nothing that was loaded before a flush is used after it, on whatever path it was loaded.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tenancy_cache::class::{Class, PRODUCT_LISTS};
use tenancy_cache::{Flush, Key, Match, Tag, TenantCache, Verdict};
use tokio::sync::Semaphore;

use crate::town::{Source, Town, gated, settle};

#[tokio::test]
async fn each_flush_ends_what_it_names_and_nothing_else() {
    let town = Town::new();
    let shop = town.shop("acme").await;
    let other = town.shop("umbrella").await;
    let everything = town.platform();
    const PRICES: Class = Class::new("prices");
    let source = Source::default();
    let entries = [
        (&shop, &PRODUCT_LISTS, "a", &["red", "round"][..]),
        (&shop, &PRODUCT_LISTS, "b", &["red"]),
        (&shop, &PRODUCT_LISTS, "c", &["round"]),
        (&shop, &PRICES, "a", &[]),
        (&other, &PRODUCT_LISTS, "a", &["red", "round"]),
        (&other, &PRICES, "a", &[]),
    ];
    let fill = async || {
        for (shop, class, key, tags) in entries {
            source.through(shop, class, key, tags).await.unwrap();
        }
    };
    let gone = async || {
        let mut gone = Vec::new();
        for (place, (shop, class, key, _)) in entries.into_iter().enumerate() {
            if shop.get::<u32>(class, key).await.unwrap().is_none() {
                gone.push(place);
            }
        }
        fill().await;
        gone
    };
    fill().await;
    assert_eq!(gone().await, [] as [usize; 0]);

    let how = Flush::Hard;
    shop.flush_tag("red", how).await.unwrap();
    assert_eq!(gone().await, [0, 1]);
    let both = [Tag::new("red"), Tag::new("round")];
    shop.flush_tags(Match::Any, &both, how).await.unwrap();
    assert_eq!(gone().await, [0, 1, 2]);
    shop.flush_tags(Match::All, &both, how).await.unwrap();
    assert_eq!(gone().await, [0]);
    shop.flush_tags(Match::All, &[], how).await.unwrap();
    shop.flush_tag("blue", how).await.unwrap();
    assert_eq!(gone().await, [] as [usize; 0]);
    shop.flush_class(&PRODUCT_LISTS, how).await.unwrap();
    assert_eq!(gone().await, [0, 1, 2]);
    shop.flush_tenant(how).await.unwrap();
    assert_eq!(gone().await, [0, 1, 2, 3]);
    everything.flush_class(&PRICES, how).await.unwrap();
    assert_eq!(gone().await, [3, 5]);
    everything.flush_all(how).await.unwrap();
    assert_eq!(gone().await, [0, 1, 2, 3, 4, 5]);
}

/// Begins a load, does something meanwhile, and returns what the waiting caller and the next one get.
async fn meanwhile(shop: &TenantCache, act: impl AsyncFnOnce()) -> (u32, u32) {
    let gate = Arc::new(Semaphore::new(0));
    let caller = tokio::spawn({
        let (shop, gate) = (shop.clone(), gate.clone());
        async move {
            let tags = [Tag::new("product")];
            let load = || gated(&gate, 1_u32);
            *shop
                .remember(&PRODUCT_LISTS, "list", &tags, load)
                .await
                .unwrap()
        }
    });
    settle().await;
    act().await;
    gate.add_permits(1);
    let first = caller.await.unwrap();
    let load = || async { Ok::<_, Infallible>(2_u32) };
    let tags = [Tag::new("product")];
    let second = shop
        .remember(&PRODUCT_LISTS, "list", &tags, load)
        .await
        .unwrap();
    (first, *second)
}

#[tokio::test]
async fn what_is_loaded_while_nothing_happens_is_stored() {
    let shop = Town::new().shop("acme").await;
    assert_eq!(meanwhile(&shop, async || ()).await, (1, 1));
}

#[tokio::test]
async fn what_is_removed_while_it_loads_is_not_stored() {
    let shop = Town::new().shop("acme").await;
    let act = async || assert!(!shop.remove(&PRODUCT_LISTS, "list").await.unwrap());
    assert_eq!(meanwhile(&shop, act).await, (1, 2));
}

#[tokio::test]
async fn what_is_written_while_it_loads_stays() {
    let shop = Town::new().shop("acme").await;
    let act = async || shop.put(&PRODUCT_LISTS, "list", &[], 7_u32).await.unwrap();
    assert_eq!(meanwhile(&shop, act).await, (1, 7));
}

#[tokio::test]
async fn what_is_flushed_while_it_loads_is_not_stored() {
    let town = Town::new();
    let shop = town.shop("acme").await;
    let platform = town.platform();
    let how = Flush::Hard;
    let tags = [Tag::new("product")];
    let tag = async || shop.flush_tag("product", how).await.unwrap();
    assert_eq!(meanwhile(&shop, tag).await, (1, 2));
    shop.remove(&PRODUCT_LISTS, "list").await.unwrap();
    let all = async || shop.flush_tags(Match::All, &tags, how).await.unwrap();
    assert_eq!(meanwhile(&shop, all).await, (1, 2));
    shop.remove(&PRODUCT_LISTS, "list").await.unwrap();
    let class = async || shop.flush_class(&PRODUCT_LISTS, how).await.unwrap();
    assert_eq!(meanwhile(&shop, class).await, (1, 2));
    shop.remove(&PRODUCT_LISTS, "list").await.unwrap();
    let tenant = async || shop.flush_tenant(how).await.unwrap();
    assert_eq!(meanwhile(&shop, tenant).await, (1, 2));
    shop.remove(&PRODUCT_LISTS, "list").await.unwrap();
    let everywhere = async || platform.flush_all(how).await.unwrap();
    assert_eq!(meanwhile(&shop, everywhere).await, (1, 2));
}

/// Dead as it is, it would only take room.
#[tokio::test]
async fn what_is_flushed_while_it_loads_leaves_nothing() {
    let shop = Town::new().shop("acme").await;
    let gate = Arc::new(Semaphore::new(0));
    let tags = [Tag::new("product")];
    let load = || gated(&gate, 1_u32);
    let mut ask = Box::pin(shop.remember(&PRODUCT_LISTS, "list", &tags, load));
    assert!(futures_util::poll!(&mut ask).is_pending());
    shop.flush_tag("product", Flush::Hard).await.unwrap();
    gate.add_permits(1);
    assert_eq!(*ask.await.unwrap(), 1);
    let why = shop.why(&PRODUCT_LISTS, "list").await.unwrap();
    assert_eq!(why.verdict, Verdict::Missing);
}

#[tokio::test]
async fn who_asks_after_a_flush_does_not_wait_for_a_load_from_before() {
    let shop = Town::new().shop("acme").await;
    let second = async || {
        shop.flush_tag("product", Flush::Hard).await.unwrap();
        let source = Source::default();
        let asked = source.through(&shop, &PRODUCT_LISTS, "list", &["product"]);
        assert_eq!(asked.await.unwrap(), 1);
    };
    // The value of the load that is overtaken does not replace the newer one.
    assert_eq!(meanwhile(&shop, second).await, (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_flush_during_a_load_in_the_background_holds_too() {
    const LISTS: Class = Class::new("lists")
        .time_to_live(Duration::from_secs(60))
        .jitter(0.0)
        .early_refresh(0.0)
        .soft_time_out(Duration::from_millis(10));
    let shop = Town::new().shop("acme").await;
    let tags = [Tag::new("product")];
    let gate = Arc::new(Semaphore::new(1));
    let ask = async |value: u32| {
        let load = || gated(&gate, value);
        *shop.remember(&LISTS, "list", &tags, load).await.unwrap()
    };
    assert_eq!(ask(1).await, 1);
    tokio::time::advance(Duration::from_secs(61)).await;
    // Stale after the soft time-out; the load stays behind.
    assert_eq!(ask(2).await, 1);
    shop.flush_tag("product", Flush::Hard).await.unwrap();
    gate.add_permits(1);
    settle().await;
    gate.add_permits(1);
    assert_eq!(ask(3).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_flush_during_an_early_refresh_holds_too() {
    // With this β the refresh is certain.
    const LISTS: Class = Class::new("lists")
        .time_to_live(Duration::from_secs(3600))
        .jitter(0.0)
        .early_refresh(1e12);
    let shop = Town::new().shop("acme").await;
    let tags = [Tag::new("product")];
    let gate = Arc::new(Semaphore::new(0));
    let ask = async |value: u32| {
        let load = || gated(&gate, value);
        *shop.remember(&LISTS, "list", &tags, load).await.unwrap()
    };
    let first = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        gate.add_permits(1);
    };
    assert_eq!(tokio::join!(ask(1), first).0, 1);
    assert_eq!(ask(2).await, 1);
    settle().await;
    shop.flush_tag("product", Flush::Hard).await.unwrap();
    gate.add_permits(1);
    settle().await;
    gate.add_permits(1);
    assert_eq!(ask(3).await, 3);
}

#[tokio::test(start_paused = true)]
async fn every_way_to_read_honours_a_flush() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    for how in [Flush::Hard, Flush::Soft] {
        let before = source
            .through(&shop, &PRODUCT_LISTS, "list", &["product"])
            .await
            .unwrap();
        shop.flush_tag("product", how).await.unwrap();
        assert_eq!(shop.get::<u32>(&PRODUCT_LISTS, "list").await.unwrap(), None);
        let after = source
            .through(&shop, &PRODUCT_LISTS, "list", &["product"])
            .await
            .unwrap();
        assert_eq!(after, before + 1, "{how:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_soft_flush_leaves_a_value_to_fall_back_on() {
    let shop = Town::new().shop("acme").await;
    let fail = || async { Err::<u32, _>(std::io::Error::other("down")) };
    let tags = [Tag::new("product")];
    let source = Source::default();
    for (how, expected) in [(Flush::Soft, Some(1)), (Flush::Hard, None)] {
        source
            .through(&shop, &PRODUCT_LISTS, "list", &["product"])
            .await
            .unwrap();
        shop.flush_tag("product", how).await.unwrap();
        let answer = shop.remember(&PRODUCT_LISTS, "list", &tags, fail).await;
        assert_eq!(answer.ok().map(|value| *value), expected, "{how:?}");
    }
}

/// Many write and flush one tag at once; a flush after all of them leaves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_after_writers_and_flushers_leaves_nothing() {
    let shop = Town::new().shop("acme").await;
    let mut work = tokio::task::JoinSet::new();
    for worker in 0..8_u32 {
        let shop = shop.clone();
        work.spawn(async move {
            let tags = [Tag::new("product")];
            for step in 0..2_000_u32 {
                let key = Key::new(step % 50);
                match (worker + step) % 4 {
                    0 => shop.flush_tag("product", Flush::Hard).await.unwrap(),
                    1 => shop.put(&PRODUCT_LISTS, key, &tags, step).await.unwrap(),
                    _ => {
                        let load = || async move {
                            tokio::task::yield_now().await;
                            Ok::<_, Infallible>(step)
                        };
                        shop.remember(&PRODUCT_LISTS, key, &tags, load)
                            .await
                            .unwrap();
                    }
                }
            }
        });
    }
    work.join_all().await;
    shop.flush_tag("product", Flush::Hard).await.unwrap();
    for key in 0..50 {
        assert_eq!(
            shop.get::<u32>(&PRODUCT_LISTS, Key::new(key))
                .await
                .unwrap(),
            None
        );
    }
}

#[tokio::test]
async fn flushes_of_tags_together_reach_back_only_so_far_and_then_fail_closed() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    source
        .through(&shop, &PRODUCT_LISTS, "old", &["red"])
        .await
        .unwrap();
    source
        .through(&shop, &PRODUCT_LISTS, "other", &["blue", "round"])
        .await
        .unwrap();
    let pair = [Tag::new("blue"), Tag::new("round")];
    for _ in 0..64 {
        shop.flush_tags(Match::All, &pair, Flush::Hard)
            .await
            .unwrap();
    }
    assert_eq!(
        *shop
            .get::<u32>(&PRODUCT_LISTS, "old")
            .await
            .unwrap()
            .unwrap(),
        1
    );
    for _ in 0..65 {
        shop.flush_tags(Match::All, &pair, Flush::Hard)
            .await
            .unwrap();
    }
    assert_eq!(shop.get::<u32>(&PRODUCT_LISTS, "old").await.unwrap(), None);
}
