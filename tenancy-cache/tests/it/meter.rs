//! What a scope's work asks the cache for is counted with the scope.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tenancy_cache::class::Class;
use tenancy_cache::{Key, TenantCache, Wanted};
use tenancy_core::TenantScope;

use crate::town::{Source, Town};

const PRODUCTS: Class = Class::new("products")
    .time_to_live(Duration::from_secs(60))
    .early_refresh(0.0)
    .jitter(0.0);

fn counted(scope: &TenantScope) -> (u64, u64) {
    let lookups = scope.meter().cache_lookups();
    (lookups.hits, lookups.misses)
}

#[tokio::test]
async fn each_value_that_a_scope_asks_for_is_a_hit_or_a_miss_of_its_own() {
    let town = Town::new();
    let scope = town.scope("acme").await;
    let shop = town.cache.tenant(&scope).unwrap();
    let source = Source::default();
    let missing = async |shop: &TenantCache| shop.get::<u32>(&PRODUCTS, "none").await.unwrap();
    assert_eq!(missing(&shop).await, None);
    assert_eq!(counted(&scope), (0, 1));
    source.through(&shop, &PRODUCTS, "one", &[]).await.unwrap();
    assert_eq!(counted(&scope), (0, 2));
    source.through(&shop, &PRODUCTS, "one", &[]).await.unwrap();
    assert!(shop.get::<u32>(&PRODUCTS, "one").await.unwrap().is_some());
    assert_eq!(counted(&scope), (2, 2));

    let wanted = ["one", "two", "three"].map(|key| Wanted {
        key: Key::new(key),
        tags: vec![],
    });
    let load = |places: Vec<usize>| async move { Ok::<_, Infallible>(vec![7_u32; places.len()]) };
    let many = shop.remember_many(&PRODUCTS, &wanted, load).await;
    assert_eq!(many.unwrap().len(), 3);
    assert_eq!(counted(&scope), (3, 4));
    let keys = ["one", "four"].map(Key::new);
    let some = shop.get_many::<u32>(&PRODUCTS, keys).await.unwrap();
    assert!(some[0].is_some() && some[1].is_none());
    assert_eq!(counted(&scope), (4, 5));

    let other = town.scope("bolt").await;
    missing(&town.cache.tenant(&other).unwrap()).await;
    assert_eq!((counted(&scope), counted(&other)), ((4, 5), (0, 1)));
}

#[tokio::test]
async fn who_loads_does_not_wait_for_the_cache() {
    const LONG: Duration = Duration::from_millis(50);
    let town = Town::new();
    let scope = town.scope("acme").await;
    let shop = town.cache.tenant(&scope).unwrap();
    let load = || async {
        let began = Instant::now();
        while began.elapsed() < LONG {
            tokio::task::yield_now().await;
        }
        Ok::<_, Infallible>(1_u32)
    };
    let load = shop.remember(&PRODUCTS, "one", &[], load);
    let began = Instant::now();
    load.await.unwrap();
    let total = began.elapsed();
    let waited = scope.meter().cache_time();
    assert!(
        waited > Duration::ZERO && total - waited >= LONG,
        "{waited:?}"
    );
}
