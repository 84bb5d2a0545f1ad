//! Tenants to try the cache with.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tenancy_cache::class::Class;
use tenancy_cache::{Cache, CacheBuilder, Error, PlatformCache, Tag, TenantCache};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Purpose, Slug, Tenant, TenantId, TenantScope, Tenants};

pub(crate) const LITTLE_BYTES: u64 = 4 * 1024 * 1024;

pub(crate) struct Town {
    pub(crate) registry: Arc<InMemoryTenants>,
    pub(crate) tenants: Tenants,
    pub(crate) cache: Cache,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::with(|cache| cache)
    }

    pub(crate) fn with(set_up: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let registry = Arc::new(InMemoryTenants::default());
        let tenants = Tenants::new(registry.clone());
        let cache = set_up(Cache::builder(&tenants).tokio_clock()).build();
        Self {
            registry,
            tenants,
            cache,
        }
    }

    /// With four MiB, of which each tenant has 256 KiB to itself.
    pub(crate) fn with_little_memory() -> Self {
        Self::with(|cache| {
            let cache = cache.capacity_bytes(LITTLE_BYTES);
            cache.guarantee_bytes(LITTLE_BYTES / 16).shards(2)
        })
    }

    pub(crate) fn platform(&self) -> PlatformCache {
        let scope = self.tenants.platform(Actor::system("test"));
        self.cache.platform(&scope).unwrap()
    }

    pub(crate) async fn scope(&self, slug: &str) -> TenantScope {
        let slug: Slug = slug.parse().unwrap();
        let tenant = Tenant::new(TenantId::generate(), slug);
        let tenant = self.registry.add(&tenant).unwrap();
        self.tenants
            .scope(tenant.id, Actor::system("test"), Purpose::Request)
            .await
            .unwrap()
    }

    pub(crate) async fn shop(&self, slug: &str) -> TenantCache {
        self.cache.tenant(&self.scope(slug).await).unwrap()
    }
}

/// A source of numbers that counts how often it was read.
#[derive(Clone, Default)]
pub(crate) struct Source(Arc<AtomicU32>);

impl Source {
    /// The number of this reading, from 1.
    pub(crate) fn read(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn readings(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    /// The value of a key, read from here where the cache has none.
    pub(crate) async fn through(
        &self,
        shop: &TenantCache,
        class: &Class,
        key: &str,
        tags: &[&str],
    ) -> Result<u32, Error> {
        let tags: Vec<Tag> = tags.iter().copied().map(Tag::from).collect();
        let source = self.clone();
        let load = || async move { Ok::<_, Infallible>(source.read()) };
        shop.remember(class, key, &tags, load)
            .await
            .map(|value| *value)
    }
}

/// Lets everything that can go on go on, until nothing is left to do but wait.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

/// A load that waits for a sign before it reads, and one before it ends.
pub(crate) fn gated<T: Send + 'static>(
    gate: &Arc<tokio::sync::Semaphore>,
    value: T,
) -> impl Future<Output = Result<T, Infallible>> + Send + 'static {
    let gate = gate.clone();
    async move {
        gate.acquire()
            .await
            .expect("the gate is never closed")
            .forget();
        Ok(value)
    }
}
