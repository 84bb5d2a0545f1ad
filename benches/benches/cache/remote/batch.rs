use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tenancy_benches::{Report, paired};
use tenancy_cache::{Key, TenantCache};
use tenancy_core::redis::{Command, Redis};

use super::site::{BATCH, PRODUCTS, Product, Site, wanted};
use super::watch::Watch;

const ROUNDS: usize = 15;
const BATCHES: usize = 10;
/// One batch for each look, and one that makes the tags' versions known.
const STOCK: Range<u32> = 100_000..116_000;
const MISSING: Range<u32> = 200_000..216_000;

/// A hundred keys at once, against a pipeline of a hundred `GET`s.
pub(super) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let names = site.stock(STOCK).await?;
    trips(report, site).await?;
    let bare = |names: Vec<Bytes>| {
        let mut batches = names.into_iter().cycle();
        async move |count: usize| {
            for _ in 0..count {
                let batch = batches.by_ref().take(BATCH).collect();
                fetch(&site.redis, batch).await;
            }
        }
    };
    let missing = MISSING.map(|number| Bytes::from(format!("none-{number}")));
    let missing: Vec<_> = missing.collect();
    for (title, starts, names) in [
        ("100 remote hits by get_many", STOCK, &names),
        ("100 remote misses by get_many", MISSING, &missing),
    ] {
        let shop = site.node(site.remote()).await?;
        let mut starts = starts.step_by(BATCH);
        get(&shop, starts.next()).await;
        let name = format!("{title}, against a pipeline of 100 GETs (s)");
        let ours = async |count| {
            for _ in 0..count {
                get(&shop, starts.next()).await;
            }
        };
        let row = paired(&name, None, (ROUNDS, BATCHES), ours, bare(names.clone()));
        report.row(row.await);
    }
    for (title, starts, names) in [
        ("100 remote hits by remember_many", STOCK, &names),
        (
            "100 loads by remember_many, with leases and stores",
            MISSING,
            &missing,
        ),
    ] {
        let shop = site.node(site.remote()).await?;
        let mut starts = starts.step_by(BATCH);
        remember(&shop, starts.next(), || ()).await;
        let name = format!("{title}, against a pipeline of 100 GETs (s)");
        let ours = async |count| {
            for _ in 0..count {
                remember(&shop, starts.next(), || ()).await;
            }
        };
        let row = paired(&name, None, (ROUNDS, BATCHES), ours, bare(names.clone()));
        report.row(row.await);
    }
    Ok(())
}

/// How often the remote tier is asked before anything is loaded, where no version is known yet.
async fn trips(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    for (kind, start) in [("found", STOCK.start), ("missing", MISSING.end)] {
        let watch = Watch::default();
        let shop = site.node(watch.over(site.remote())).await?;
        get(&shop, Some(start)).await;
        let name = format!("round trips of get_many of 100 keys, all {kind}");
        report.limit(&name, watch.trips() as f64, 2.0);

        let watch = Watch::default();
        let shop = site.node(watch.over(site.remote())).await?;
        let at_load = Arc::new(AtomicU64::new(u64::MAX));
        let (noted, now) = (at_load.clone(), watch.clone());
        let note = move || noted.store(now.trips(), Ordering::SeqCst);
        remember(&shop, Some(start), note).await;
        let before = at_load.load(Ordering::SeqCst).min(watch.trips());
        let name = format!("round trips of remember_many of 100 keys before a load, all {kind}");
        report.limit(&name, before as f64, 2.0);
    }
    Ok(())
}

async fn get(shop: &TenantCache, start: Option<u32>) {
    let start = start.expect("a batch for each look");
    let keys = (start..start + BATCH as u32).map(Key::new);
    let found = shop.get_many::<Product>(&PRODUCTS, keys).await;
    let found = found.expect("short keys");
    let is_stocked = STOCK.contains(&start);
    assert!(found.iter().all(|product| product.is_some() == is_stocked));
    black_box(found);
}

async fn remember(shop: &TenantCache, start: Option<u32>, note: impl Fn()) {
    let start = start.expect("a batch for each look");
    let load = |places: Vec<usize>| {
        assert!(!STOCK.contains(&start), "a product in stock is loaded");
        note();
        async move {
            let products = places.into_iter().map(|_| Product::new(start));
            Ok::<Vec<_>, Infallible>(products.collect())
        }
    };
    let products = shop.remember_many(&PRODUCTS, &wanted(start), load).await;
    black_box(products.expect("all can be loaded"));
}

async fn fetch(redis: &Redis, names: Vec<Bytes>) {
    let gets = names.into_iter().map(|name| Command::new("GET").key(name));
    for answer in redis.pipeline(gets.collect()).await {
        black_box(answer.expect("Redis is there"));
    }
}
