use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;

use bytes::Bytes;
use futures_util::future::join_all;
use tenancy_benches::{Report, paired};
use tenancy_cache::{Key, TenantCache};
use tenancy_core::redis::{Command, Redis};

use super::site::{PRODUCTS, Product, Site, tags};
use super::watch::Watch;

/// Short ones, and many: a round trip takes longer now and then, for reasons of the machine's own.
const ROUNDS: usize = 75;
const HITS: usize = 200;
/// One for each look: what was found once is found in this process the next time.
const KEYS: u32 = 16_000;
const AT_ONCE: usize = 50;

/// A hit in the remote tier, against a bare `GET` of the same payload over the same connection.
pub(super) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let names = site.stock(0..KEYS).await?;
    let shop = informed(site.node(site.remote()).await?).await?;
    let title = "a remote hit with three tags";
    against_get(report, site, &names, (title, Some(1.1)), async |key| {
        found(&shop, key).await
    })
    .await;
    let shop = informed(site.node(site.remote()).await?).await?;
    let title = "a remote hit by remember with three tags";
    against_get(report, site, &names, (title, Some(1.1)), async |key| {
        remembered(&shop, key).await
    })
    .await;
    at_once(report, site, &names).await?;

    let watch = Watch::default();
    trips(report, site, &watch).await?;
    let shop = informed(site.node(watch.recall(site.remote())).await?).await?;
    let title = "this process's part of a remote hit";
    against_get(report, site, &names, (title, None), async |key| {
        found(&shop, key).await
    })
    .await;
    let shop = informed(site.node(watch.recall(site.remote())).await?).await?;
    let title = "this process's part of a remote hit by remember";
    against_get(report, site, &names, (title, None), async |key| {
        remembered(&shop, key).await
    })
    .await;
    Ok(())
}

async fn against_get(
    report: &mut Report,
    site: &Site,
    names: &[Bytes],
    (title, budget): (&str, Option<f64>),
    look: impl AsyncFn(u32),
) {
    let (mut keys, mut names) = (1..KEYS, names.iter().cycle());
    let ours = async |count| {
        for key in keys.by_ref().take(count) {
            look(key).await;
        }
    };
    let bare = async |count| {
        for name in names.by_ref().take(count) {
            fetched(&site.redis, name).await;
        }
    };
    let name = format!("{title}, against a bare GET (s)");
    report.row(paired(&name, budget, (ROUNDS, HITS), ours, bare).await);
}

async fn at_once(report: &mut Report, site: &Site, names: &[Bytes]) -> Result<(), Box<dyn Error>> {
    let shop = informed(site.node(site.remote()).await?).await?;
    let (mut keys, mut names) = (1..KEYS, names.iter().cycle());
    let ours = async |count: usize| {
        for _ in 0..count / AT_ONCE {
            let keys = keys.by_ref().take(AT_ONCE);
            join_all(keys.map(|key| found(&shop, key))).await;
        }
    };
    let bare = async |count: usize| {
        for _ in 0..count / AT_ONCE {
            let names = names.by_ref().take(AT_ONCE);
            join_all(names.map(|name| fetched(&site.redis, name))).await;
        }
    };
    let name = "a remote hit, 50 at once, against 50 bare GETs at once (s)";
    report.row(paired(name, None, (ROUNDS, HITS), ours, bare).await);
    Ok(())
}

/// How often the remote tier is asked. The watch has seen everything after that.
async fn trips(report: &mut Report, site: &Site, watch: &Watch) -> Result<(), Box<dyn Error>> {
    let shop = informed(site.node(watch.over(site.remote())).await?).await?;
    let (trips, reads) = (watch.trips(), site.reads().await?);
    for key in 1..=1_000 {
        found(&shop, key).await;
    }
    let (trips, reads) = (watch.trips() - trips, site.reads().await? - reads);
    report.limit("round trips of 1,000 remote hits", trips as f64, 1_000.0);
    let name = "reads from sockets by Redis for 1,000 remote hits";
    // News are asked for meanwhile, four times in a second, and this is counted as well.
    report.limit(name, reads as f64, 1_030.0);
    for key in 1_001..KEYS {
        found(&shop, key).await;
    }
    Ok(())
}

/// A node that knows the versions of the tags.
async fn informed(shop: TenantCache) -> Result<TenantCache, Box<dyn Error>> {
    shop.get::<Product>(&PRODUCTS, Key::new(0)).await?;
    Ok(shop)
}

async fn found(shop: &TenantCache, key: u32) {
    let value = shop.get::<Product>(&PRODUCTS, Key::new(key)).await;
    black_box(value.expect("a short key").expect("a product in stock"));
}

async fn remembered(shop: &TenantCache, key: u32) {
    let load = async || -> Result<Product, Infallible> { unreachable!("a product in stock") };
    black_box(
        shop.remember(&PRODUCTS, Key::new(key), &tags(), load)
            .await
            .expect("a hit"),
    );
}

async fn fetched(redis: &Redis, name: &Bytes) {
    let value = redis.command(Command::new("GET").key(name.clone())).await;
    let value = value.and_then(|value| value.into_bytes());
    black_box(value.expect("Redis is there").expect("a product in stock"));
}
