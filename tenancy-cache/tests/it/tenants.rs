//! One tenant's entries are never another's, nor is its memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tenancy_cache::class::{Class, SETTINGS};
use tenancy_cache::{Cache, ErrorKind, Flush, Key, Tag, TenantCache};
use tenancy_core::registry::{Address, InMemoryTenants, TenantRegistry as _};
use tenancy_core::tenant::{Status, Unavailability};
use tenancy_core::{Actor, Tenant, Tenants};
use tokio::sync::Semaphore;

use crate::town::{LITTLE_BYTES, Source, Town, gated};

const PAGES: Class = Class::new("pages");

#[tokio::test]
async fn the_same_key_of_two_tenants_is_two_entries() {
    let town = Town::new();
    let (acme, umbrella) = (town.shop("acme").await, town.shop("umbrella").await);
    let source = Source::default();
    for (key, expected) in [("a", (1, 2)), ("", (3, 4)), ("a:{b}%\0", (5, 6))] {
        let first = source.through(&acme, &PAGES, key, &["t"]).await.unwrap();
        let second = source
            .through(&umbrella, &PAGES, key, &["t"])
            .await
            .unwrap();
        assert_eq!((first, second), expected);
    }
    acme.flush_tag("t", Flush::Hard).await.unwrap();
    acme.remove(&PAGES, "a").await.unwrap();
    assert_eq!(*umbrella.get::<u32>(&PAGES, "a").await.unwrap().unwrap(), 2);
    acme.flush_tenant(Flush::Hard).await.unwrap();
    assert_eq!(*umbrella.get::<u32>(&PAGES, "").await.unwrap().unwrap(), 4);
    assert_eq!(acme.get::<u32>(&PAGES, "").await.unwrap(), None);
}

#[tokio::test]
async fn the_same_key_of_two_classes_is_two_entries() {
    let shop = Town::new().shop("acme").await;
    let source = Source::default();
    assert_eq!(source.through(&shop, &PAGES, "a", &[]).await.unwrap(), 1);
    assert_eq!(source.through(&shop, &SETTINGS, "a", &[]).await.unwrap(), 2);
}

#[tokio::test]
async fn a_scope_of_another_realm_opens_nothing() {
    let town = Town::new();
    let scope = town.scope("acme").await;
    let strangers = Tenants::new(InMemoryTenants::default());
    let foreign = Cache::new(&strangers);
    assert_eq!(
        foreign.tenant(&scope).unwrap_err().kind(),
        ErrorKind::WrongRealm
    );
    let platform = town.tenants.platform(Actor::system("test"));
    assert_eq!(
        foreign.platform(&platform).unwrap_err().kind(),
        ErrorKind::WrongRealm
    );
    assert!(town.cache.tenant(&scope).is_ok());
    assert!(town.cache.platform(&platform).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_was_suspended_meanwhile_is_not_opened() {
    let town = Town::new();
    let scope = town.scope("acme").await;
    assert!(town.cache.tenant(&scope).is_ok());
    let suspended = Tenant {
        status: Status::Suspended,
        ..Tenant::clone(&scope.tenant())
    };
    let by = Actor::system("test");
    town.registry.update(&suspended, &by).await.unwrap();
    tokio::time::advance(Duration::from_secs(2)).await;
    town.tenants.find(&Address::Id(suspended.id)).await.unwrap();
    assert_eq!(
        town.cache.tenant(&scope).unwrap_err().kind(),
        ErrorKind::NotAvailable(Unavailability::Suspended)
    );
}

const KIB: u64 = 1024;

/// Asks for keys one after another, with a KiB each, and returns how many were there.
async fn visit(shop: &TenantCache, keys: impl IntoIterator<Item = u32>) -> u32 {
    let mut hits = 0;
    for key in keys {
        let mut loaded = false;
        let load = || {
            loaded = true;
            async { Ok::<_, Infallible>("x".repeat(1024)) }
        };
        shop.remember(&PAGES, Key::new(key), &[], load)
            .await
            .unwrap();
        hits += u32::from(!loaded);
    }
    hits
}

#[tokio::test]
async fn a_tenant_that_reads_everything_takes_nothing_from_a_small_one() {
    let (capacity, town) = (LITTLE_BYTES, Town::with_little_memory());
    let (small, large) = (town.shop("small").await, town.shop("large").await);
    let platform = town.platform();
    visit(&small, 0..100).await;
    let alone = visit(&small, 0..100).await;
    let mut beside = 0;
    for round in 0..40 {
        visit(&large, round * 1_000..(round + 1) * 1_000).await;
        let taken: u64 = platform.usage().iter().map(|tenant| tenant.bytes).sum();
        assert!(taken <= capacity + capacity / 50, "{taken}");
        beside += visit(&small, 0..100).await;
    }
    assert_eq!((alone, beside), (100, 4_000));
    let usage = platform.usage();
    assert_eq!(usage[0].tenant_id, large.tenant_id());
    assert!(usage[0].bytes > capacity * 8 / 10, "{usage:?}");
}

#[tokio::test]
async fn tenants_who_both_want_more_than_there_is_get_about_the_same() {
    let (capacity, town) = (LITTLE_BYTES, Town::with_little_memory());
    let (first, second) = (town.shop("first").await, town.shop("second").await);
    let platform = town.platform();
    visit(&first, 0..10_000).await;
    visit(&second, 0..10_000).await;
    let shares: Vec<u64> = platform
        .usage()
        .iter()
        .map(|tenant| tenant.share_bytes)
        .collect();
    assert_eq!(shares.iter().sum::<u64>(), capacity);
    assert!(shares[0] - shares[1] <= 256 * KIB, "{shares:?}");
}

#[tokio::test(start_paused = true)]
async fn of_more_tenants_than_fit_the_idlest_goes_and_may_come_back() {
    let town = Town::with(|cache| {
        cache
            .capacity_bytes(1024 * KIB)
            .guarantee_bytes(256 * KIB)
            .shards(1)
    });
    let mut shops = Vec::new();
    for slug in ["one", "two", "three", "four", "five"] {
        let shop = town.shop(slug).await;
        visit(&shop, 0..10).await;
        shops.push(shop);
        tokio::time::advance(Duration::from_secs(10)).await;
    }
    // The fifth took the place of the first, whose handle is still good.
    let platform = town.platform();
    let ids: Vec<_> = platform
        .usage()
        .iter()
        .map(|tenant| tenant.tenant_id)
        .collect();
    assert!(
        !ids.contains(&shops[0].tenant_id()) && ids.len() == 4,
        "{ids:?}"
    );
    assert_eq!(visit(&shops[0], 0..10).await, 0);
    assert_eq!(visit(&shops[0], 0..10).await, 10);
    let shares: u64 = platform
        .usage()
        .iter()
        .map(|tenant| tenant.share_bytes)
        .sum();
    assert_eq!(shares, 1024 * KIB);
}

#[tokio::test]
async fn a_load_that_ends_after_its_tenant_had_to_go_takes_no_memory() {
    let town = Town::with(|cache| cache.capacity_bytes(64 * KIB).guarantee_bytes(64 * KIB));
    let scope = town.scope("acme").await;
    let shop = town.cache.tenant(&scope).unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let mut ask = Box::pin(shop.remember(&PAGES, "a", &[], || gated(&gate, 1_u32)));
    assert!(futures_util::poll!(&mut ask).is_pending());
    let other = town.shop("umbrella").await;
    gate.add_permits(1);
    assert_eq!(*ask.await.unwrap(), 1);
    let platform = town.tenants.platform(Actor::system("test"));
    let usage = town.cache.platform(&platform).unwrap().usage();
    assert_eq!(usage.len(), 1);
    assert_eq!(
        (usage[0].tenant_id, usage[0].share_bytes),
        (other.tenant_id(), 64 * KIB)
    );
    assert_eq!(shop.get::<u32>(&PAGES, "a").await.unwrap(), None);
}

#[tokio::test]
async fn long_names_and_tags_of_an_entry_count() {
    let town = Town::new();
    let platform = town.platform();
    let mut bytes = Vec::new();
    let (long, tags) = ("a".repeat(1000), ["r", "s", "t"].map(Tag::from));
    for (slug, key, tags) in [
        ("short", "a", &[][..]),
        ("long", &long, &[]),
        ("tagged", "a", &tags),
    ] {
        let shop = town.shop(slug).await;
        shop.put(&PAGES, key, tags, 1_u32).await.unwrap();
        let mut usage = platform.usage().into_iter();
        let tenant = usage.find(|tenant| tenant.tenant_id == shop.tenant_id());
        bytes.push(tenant.unwrap().bytes);
    }
    assert!(bytes[1] >= bytes[0] + 999, "{bytes:?}");
    assert!(bytes[2] >= bytes[0] + 3 * 100, "{bytes:?}");
}
