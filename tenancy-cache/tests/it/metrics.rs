//! What the cache tells of itself.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tenancy_cache::class::Class;
use tenancy_cache::{Flush, PlatformCache, TenantCache};
use tenancy_core::Actor;
use tokio::sync::Semaphore;

use crate::town::{Source, Town, gated, settle};

const PAGES: Class = Class::new("pages")
    .time_to_live(Duration::from_secs(60))
    .early_refresh(0.0)
    .jitter(0.0);

fn platform(town: &Town) -> PlatformCache {
    let scope = town.tenants.platform(Actor::system("test"));
    town.cache.platform(&scope).unwrap()
}

/// So many tenants with the most bytes are told by their ids.
fn tell_largest(platform: &PlatformCache, number: usize) {
    let usage = platform.usage();
    let largest: Vec<_> = usage
        .iter()
        .take(number)
        .map(|tenant| tenant.tenant_id)
        .collect();
    platform.record_usage(|tenant| largest.contains(&tenant).then(|| tenant.to_string().into()));
}

/// Figures by name and label, those of nothing left out. Counters count from the last time.
fn figures(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let mut figures = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        let labels = key.labels().map(|label| label.value().to_owned());
        let name = [key.name().to_owned()].into_iter().chain(labels);
        let figure = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.0,
            DebugValue::Histogram(values) => values.len() as f64,
        };
        if figure != 0.0 {
            let name = name.collect::<Vec<_>>().join(" ");
            figures.insert(name.trim_start_matches("tenancy_cache_").to_owned(), figure);
        }
    }
    figures
}

fn expected(figures: &[(&str, f64)]) -> BTreeMap<String, f64> {
    let owned = |(name, figure): &(&str, f64)| ((*name).to_owned(), *figure);
    figures.iter().map(owned).collect()
}

async fn fail(shop: &TenantCache) -> bool {
    let load = || async { Err::<u32, _>(io::Error::other("down")) };
    shop.remember(&PAGES, "a", &[], load).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_counted_once_as_what_it_was() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let town = Town::with(|cache| cache.value_bytes_max(1024));
    let shop = town.shop("acme").await;
    let source = Source::default();
    let counted = |figures_of: &[(&str, f64)]| {
        let of_class = |(name, figure): &(&str, f64)| (format!("{name} pages"), *figure);
        let expected: BTreeMap<_, _> = figures_of.iter().map(of_class).collect();
        assert_eq!(figures(&snapshotter), expected);
    };

    source.through(&shop, &PAGES, "a", &["t"]).await.unwrap();
    let loaded = [
        ("misses_total", 1.0),
        ("loads_total", 1.0),
        ("load_seconds", 1.0),
    ];
    counted(&loaded);
    source.through(&shop, &PAGES, "a", &["t"]).await.unwrap();
    assert!(shop.get::<u32>(&PAGES, "a").await.unwrap().is_some());
    counted(&[("hits_total", 2.0)]);
    assert!(shop.get::<u32>(&PAGES, "b").await.unwrap().is_none());
    shop.flush_tag("t", Flush::Soft).await.unwrap();
    assert!(shop.get::<u32>(&PAGES, "a").await.unwrap().is_none());
    counted(&[("misses_total", 2.0)]);
    assert!(fail(&shop).await);
    let stale = ("stale_total", 1.0);
    let failed = [
        ("misses_total", 1.0),
        ("loads_total", 1.0),
        ("load_failures_total", 1.0),
    ];
    counted(&[&failed[..], &[stale]].concat());
    // For a moment after a failure the stale value is the answer without another try.
    assert!(fail(&shop).await);
    counted(&[stale]);
    shop.flush_tag("t", Flush::Hard).await.unwrap();
    assert!(!fail(&shop).await);
    counted(&failed);

    let large = || async { Ok::<_, io::Error>("x".repeat(2000)) };
    shop.remember(&PAGES, "a", &[], large).await.unwrap();
    counted(&[&loaded[..], &[("refused_total", 1.0)]].concat());
}

#[tokio::test]
async fn evictions_are_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let town = Town::with(|cache| cache.capacity_bytes(64 * 1024).shards(1));
    let shop = town.shop("acme").await;
    for number in 0..1000_u32 {
        shop.put(&PAGES, number.to_string(), &[], number)
            .await
            .unwrap();
    }
    let kept = platform(&town).usage()[0].entries;
    assert_eq!(
        figures(&snapshotter),
        expected(&[("evictions_total pages", (1000 - kept) as f64)])
    );
}

#[tokio::test]
async fn the_largest_tenants_are_named_and_the_others_added_up() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let town = Town::with(|cache| cache.capacity_bytes(1024 * 1024).shards(1));
    let platform = platform(&town);
    let shops = [
        town.shop("acme").await,
        town.shop("bolt").await,
        town.shop("umbrella").await,
    ];
    for (shop, entries) in shops.iter().zip([1_u32, 2, 3]) {
        for number in 0..entries {
            shop.put(&PAGES, number.to_string(), &[], number)
                .await
                .unwrap();
        }
    }
    let one = platform.usage()[2].bytes as f64;
    let tell = |named| {
        tell_largest(&platform, named);
        let mut figures = figures(&snapshotter);
        figures.retain(|name, _| !name.starts_with("share"));
        figures
    };
    let [_, bolt, umbrella] = shops.each_ref().map(|shop| shop.tenant_id().to_string());
    let named = |name: &str, tenant: &str| format!("{name} {tenant}");
    assert_eq!(
        tell(2),
        expected(&[
            ("bytes __other__", one),
            ("entries __other__", 1.0),
            (&named("bytes", &bolt), 2.0 * one),
            (&named("entries", &bolt), 2.0),
            (&named("bytes", &umbrella), 3.0 * one),
            (&named("entries", &umbrella), 3.0),
        ])
    );
    // Who is no longer among them is part of the rest, and of the rest only.
    assert_eq!(
        tell(1),
        expected(&[
            ("bytes __other__", 3.0 * one),
            ("entries __other__", 3.0),
            (&named("bytes", &umbrella), 3.0 * one),
            (&named("entries", &umbrella), 3.0),
        ])
    );

    tell_largest(&platform, 0);
    let shares: u64 = platform
        .usage()
        .iter()
        .map(|tenant| tenant.share_bytes)
        .sum();
    assert_eq!(
        figures(&snapshotter)["share_bytes __other__"],
        shares as f64
    );
}

#[tokio::test]
async fn loads_under_way_are_told() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let town = Town::new();
    let shop = town.shop("acme").await;
    let under_way = || {
        tell_largest(&platform(&town), 0);
        figures(&snapshotter).remove("loads_under_way")
    };
    let gate = Arc::new(Semaphore::new(0));
    let callers = ["a", "b"].map(|key| {
        let (shop, gate) = (shop.clone(), gate.clone());
        tokio::spawn(async move {
            let load = || gated(&gate, 1_u32);
            shop.remember(&PAGES, key, &[], load).await.unwrap();
        })
    });
    settle().await;
    assert_eq!(under_way(), Some(2.0));
    gate.add_permits(2);
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(under_way(), None);
}

/// In the whole life of a process, for a recorder keeps every label it was ever given.
#[tokio::test]
async fn no_more_than_a_thousand_tenants_are_ever_named() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let town = Town::with(|cache| cache.capacity_bytes(64 * 1024 * 1024).guarantee_bytes(4096));
    for number in 0..1100_u32 {
        let shop = town.shop(&format!("shop-{number}")).await;
        shop.put(&PAGES, "a", &[], 1_u32).await.unwrap();
    }
    tell_largest(&platform(&town), 2000);
    let entries = figures(&snapshotter);
    let named = entries.keys().filter(|name| name.starts_with("entries "));
    assert_eq!(named.count(), 1001);
    assert_eq!(entries["entries __other__"], 100.0);
}
