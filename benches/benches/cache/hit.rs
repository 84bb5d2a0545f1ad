use std::convert::Infallible;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use cached::ShardedLruCache;
use foldhash::fast::RandomState;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle};
use stats_alloc::Region;
use tenancy_benches::{Report, paired};
use tenancy_cache::class::Class;
use tenancy_cache::{Tag, TenantCache};

use crate::shop;

const PRODUCTS: Class = Class::new("products");
const KEYS: usize = 10_000;
const LOOKS: (usize, usize) = (15, 200_000);

/// A hit in this process's memory, against the same look into other caches.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let keys: Vec<String> = (0..KEYS)
        .map(|number| format!("product-{number}"))
        .collect();
    let [tagged, plain] = shop::open(|cache| cache).await?;
    // With the hasher that quick_cache has by default, and ours.
    let quick = QuickCache::<String, Arc<u64>, _, _, _>::with(
        2 * KEYS,
        2 * KEYS as u64,
        UnitWeighter,
        RandomState::default(),
        DefaultLifecycle::default(),
    );
    let quick_with_sip_hash = QuickCache::<String, Arc<u64>>::new(2 * KEYS);
    let cached = ShardedLruCache::<String, Arc<u64>>::new(2 * KEYS);
    let moka = moka::sync::Cache::<String, Arc<u64>>::new(2 * KEYS as u64);
    for (number, key) in keys.iter().enumerate() {
        let number = number as u64;
        let tags = [
            Tag::new("product"),
            Tag::new("product").part(number),
            Tag::new("vendor"),
        ];
        tagged.put(&PRODUCTS, key.as_str(), &tags, number).await?;
        plain.put(&PRODUCTS, key.as_str(), &[], number).await?;
        quick.insert(key.clone(), Arc::new(number));
        quick_with_sip_hash.insert(key.clone(), Arc::new(number));
        moka.insert(key.clone(), Arc::new(number));
        cached.set(key.clone(), Arc::new(number));
    }
    let order = order();
    let looks = |count: usize| {
        order
            .iter()
            .cycle()
            .take(count)
            .map(|place| keys[*place].as_str())
    };
    let ours = async |shop: &TenantCache, count| {
        for key in looks(count) {
            let value = shop
                .get::<u64>(&PRODUCTS, key)
                .await
                .expect("no key is too long");
            black_box(value.expect("every key has a value"));
        }
    };
    let raw = async |count| {
        for key in looks(count) {
            black_box(quick.get(key).expect("every key has a value"));
        }
    };
    for (name, shop, budget) in [
        (
            "a hit with three tags, against raw quick_cache (s)",
            &tagged,
            Some(1.5),
        ),
        (
            "a hit without tags, against raw quick_cache (s)",
            &plain,
            Some(1.2),
        ),
    ] {
        let row = paired(
            name,
            budget,
            LOOKS,
            async |count| ours(shop, count).await,
            raw,
        )
        .await;
        report.row(row);
    }
    let ours_tagged = async |count| ours(&tagged, count).await;
    let raw_with_sip_hash = async |count| {
        for key in looks(count) {
            let found = quick_with_sip_hash.get(key);
            black_box(found.expect("every key has a value"));
        }
    };
    let name = "a hit with three tags, against raw quick_cache with SipHash (s)";
    report.row(paired(name, None, LOOKS, ours_tagged, raw_with_sip_hash).await);
    let remembered = async |count| {
        for key in looks(count) {
            let load =
                async || -> Result<u64, Infallible> { unreachable!("every key has a value") };
            black_box(
                tagged
                    .remember(&PRODUCTS, key, &[], load)
                    .await
                    .expect("a hit"),
            );
        }
    };
    let name = "a hit by remember with three tags, against raw quick_cache (s)";
    report.row(paired(name, None, LOOKS, remembered, raw).await);
    let other = async |count| {
        for key in looks(count) {
            black_box(moka.get(key).expect("every key has a value"));
        }
    };
    let name = "a hit with three tags, against moka (s)";
    report.row(paired(name, None, LOOKS, ours_tagged, other).await);
    let other = async |count| {
        for key in looks(count) {
            black_box(cached.get(key).expect("every key has a value"));
        }
    };
    let name = "a hit with three tags, against cached (s)";
    report.row(paired(name, None, LOOKS, ours_tagged, other).await);

    let region = Region::new(crate::ALLOCATOR);
    ours(&tagged, 100_000).await;
    let allocations = region.change().allocations;
    report.limit(
        "allocations in 100,000 hits with three tags",
        allocations as f64,
        1.0,
    );
    Ok(())
}

/// Places in an order that no memory is read ahead for.
fn order() -> Vec<usize> {
    let mut place = 1;
    let step = |_| {
        place = 6_364_136_223_846_793_005_usize
            .wrapping_mul(place)
            .wrapping_add(1_442_695_040_888_963_407);
        (place >> 33) % KEYS
    };
    (0..65_536).map(step).collect()
}
