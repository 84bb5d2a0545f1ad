use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;

use bytes::Bytes;
use tenancy_benches::{Report, paired};
use tenancy_cache::{Key, TenantCache};
use tenancy_core::redis::Command;

use super::site::{PRODUCTS, Product, Site, tags};
use crate::shop;

const ROUNDS: usize = 15;
const STORES: usize = 500;
/// Few, for entries that were stored through Redis lie apart in memory, and it is not this that is asked.
const KEYS: u32 = 500;
const LOOKS: usize = 200_000;

/// What a shared value costs whoever stores it, and whoever has it at hand.
pub(super) async fn measure(report: &mut Report, site: &Site) -> Result<(), Box<dyn Error>> {
    let names = site.stock(300_000..300_100).await?;
    let get = Command::new("GET").key(names[0].clone());
    let payload = site.redis.command(get).await?.into_bytes()?;
    let payload = payload.unwrap_or_default();
    println!("a payload has {} bytes", payload.len());
    let bare = || {
        let (mut numbers, payload) = (0_u32.., payload.clone());
        async move |count| {
            for number in numbers.by_ref().take(count) {
                let name = Bytes::from(format!("bare-{number}"));
                let set = Command::new("SET").key(name).arg(payload.clone());
                let set = set.arg("PX").arg(3_600_000);
                black_box(site.redis.command(set).await.expect("Redis is there"));
            }
        }
    };

    let shop = site.node(site.remote()).await?;
    let mut numbers = 400_000_u32..;
    let ours = async |count| {
        for number in numbers.by_ref().take(count) {
            let load = async move || Ok::<_, Infallible>(Product::new(number));
            let product = shop
                .remember(&PRODUCTS, Key::new(number), &tags(), load)
                .await;
            black_box(product.expect("it can be loaded"));
        }
    };
    let name = "a miss by remember, with lease and store, against a bare SET (s)";
    report.row(paired(name, None, (ROUNDS, STORES), ours, bare()).await);

    let mut numbers = 500_000_u32..;
    let ours = async |count| {
        for number in numbers.by_ref().take(count) {
            let product = Product::new(number);
            let put = shop
                .put(&PRODUCTS, Key::new(number), &tags(), product)
                .await;
            put.expect("Redis is there");
        }
    };
    let name = "a put, told to all, against a bare SET (s)";
    report.row(paired(name, None, (ROUNDS, STORES), ours, bare()).await);

    let (shared, [alone]) = (
        site.node(site.remote()).await?,
        shop::open(|cache| cache).await?,
    );
    for shop in [&shared, &alone] {
        for number in 0..KEYS {
            shop.put(&PRODUCTS, Key::new(number), &tags(), u64::from(number))
                .await?;
        }
    }
    let look = async |shop: &TenantCache, count| {
        for number in (0..KEYS).cycle().take(count) {
            let value = shop.get::<u64>(&PRODUCTS, Key::new(number)).await;
            black_box(value.expect("a short key").expect("every key has a value"));
        }
    };
    let name = "a hit in this process with a remote tier, against without (s)";
    let ours = async |count| look(&shared, count).await;
    let row = paired(name, None, (ROUNDS, LOOKS), ours, async |count| {
        look(&alone, count).await
    });
    report.row(row.await);
    Ok(())
}
