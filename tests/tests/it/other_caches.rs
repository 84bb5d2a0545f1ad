//! What other caches do where ours was made to do better, so that the difference is known to be one.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::poll;
use tenancy_cache::class::Class;
use tenancy_cache::{Cache, Flush, Tag, TenantCache};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Purpose, Tenant, TenantId, Tenants};
use tokio::sync::Notify;

const PAGES: Class = Class::new("pages");

/// What a cache has after it was told, during a load, that the value is no longer right.
async fn after<T>(
    load: impl Future,
    may_end: &Notify,
    tell: impl Future<Output = ()>,
    look: impl Future<Output = T>,
) -> T {
    let mut load = pin!(load);
    assert!(poll!(&mut load).is_pending());
    tell.await;
    may_end.notify_one();
    load.await;
    look.await
}

async fn moka_after(
    tell: impl AsyncFnOnce(&moka::future::Cache<&'static str, &'static str>),
) -> Option<&'static str> {
    let cache = moka::future::Cache::new(100);
    let may_end = Notify::new();
    let load = cache.get_with("page", async {
        may_end.notified().await;
        "old"
    });
    after(load, &may_end, tell(&cache), cache.get("page")).await
}

async fn ours_after(tell: impl AsyncFnOnce(&TenantCache)) -> Option<String> {
    let registry = InMemoryTenants::default();
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let acme = registry.add(&acme).unwrap();
    let tenants = Tenants::new(registry);
    let actor = Actor::system("test");
    let scope = tenants.scope(acme.id, actor, Purpose::Request).await;
    let shop = Cache::new(&tenants).tenant(&scope.unwrap()).unwrap();
    let may_end = Arc::new(Notify::new());
    let (tags, ends) = ([Tag::new("product")], may_end.clone());
    let load = shop.remember(&PAGES, "page", &tags, || async move {
        ends.notified().await;
        Ok::<_, Infallible>("old".to_owned())
    });
    let look = async { shop.get::<String>(&PAGES, "page").await.unwrap() };
    let found = after(load, &may_end, tell(&shop), look).await;
    found.map(|value| (*value).clone())
}

#[tokio::test]
async fn moka_keeps_what_was_removed_while_it_loaded_and_ours_does_not() {
    let removed = moka_after(async |cache| cache.invalidate("page").await);
    assert_eq!(removed.await, Some("old"));

    assert_eq!(ours_after(async |_| ()).await.as_deref(), Some("old"));
    let removed = ours_after(async |shop| {
        shop.remove(&PAGES, "page").await.unwrap();
    });
    assert_eq!(removed.await, None);
}

/// moka has no tags; this is its way to end many entries at once.
#[tokio::test]
async fn moka_keeps_what_was_flushed_while_it_loaded_and_ours_does_not() {
    let flushed = moka_after(async |cache| {
        cache.invalidate_all();
        cache.run_pending_tasks().await;
    });
    assert_eq!(flushed.await, Some("old"));

    let flushed = ours_after(async |shop| {
        shop.flush_tag("product", Flush::Hard).await.unwrap();
    });
    assert_eq!(flushed.await, None);
}
