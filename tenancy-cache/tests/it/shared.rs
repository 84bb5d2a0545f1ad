//! Two processes that share a remote tier, on a real Redis.

#[cfg(target_os = "linux")]
mod clocks;
pub(crate) mod coherence;
mod figures;
mod history;
mod journals;
mod outage;
mod payloads;
mod puts;
mod removals;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tenancy_cache::class::Class;
use tenancy_cache::remote::{RedisRemote, Remote};
use tenancy_cache::{
    Cache, CacheBuilder, Error, ErrorKind, Flush, Key, Match, Tag, TenantCache, Verdict, Wanted,
};
use tenancy_core::redis::{Redis, Script};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_tests::{Redis as Server, RedisCluster};
use tokio::sync::Semaphore;

use crate::town::{Source, gated};

pub(crate) const LISTS: Class = Class::new("lists").early_refresh(0.0).jitter(0.0);
const BOUND: Duration = Duration::from_secs(1);
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An installation whose nodes share a Redis.
pub(crate) struct Site {
    registry: Arc<InMemoryTenants>,
    tenants: Tenants,
    scope: TenantScope,
    redis: Redis,
    prefix: String,
    url: String,
}

fn connect(url: &str) -> Redis {
    let redis = Redis::builder(url).time_out(Duration::from_millis(500));
    redis.build().unwrap()
}

impl Site {
    /// The same installation, with connections of its own.
    pub(crate) fn again(&self) -> impl Future<Output = Self> + Send + use<> {
        let (tenants, scope) = (self.tenants.clone(), self.scope.clone());
        let (prefix, url) = (self.prefix.clone(), self.url.clone());
        let registry = self.registry.clone();
        async move {
            Self {
                redis: connect(&url),
                registry,
                tenants,
                scope,
                prefix,
                url,
            }
        }
    }

    async fn at(url: &str) -> Self {
        Self::of(url, TenantId::generate()).await
    }

    async fn of(url: &str, tenant: TenantId) -> Self {
        let registry = Arc::new(InMemoryTenants::default());
        let tenant = Tenant::new(tenant, "acme".parse().unwrap());
        let tenant = registry.add(&tenant).unwrap();
        let tenants = Tenants::new(registry.clone());
        let scope = tenants.scope(tenant.id, Actor::system("test"), Purpose::Request);
        Self {
            scope: scope.await.unwrap(),
            registry,
            tenants,
            redis: connect(url),
            prefix: format!("test-{}:", tenant.id),
            url: url.to_owned(),
        }
    }

    /// The scope of another tenant.
    async fn another(&self, slug: &str) -> TenantScope {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        let tenant = self.registry.add(&tenant).unwrap();
        let actor = Actor::system("test");
        let scope = self.tenants.scope(tenant.id, actor, Purpose::Request);
        scope.await.unwrap()
    }

    /// A process of its own, as far as the cache is concerned.
    pub(crate) async fn node(&self) -> TenantCache {
        ready(self.unready_node()).await
    }

    fn unready_node(&self) -> TenantCache {
        self.open(&self.cache(self.remote()).build())
    }

    /// A node of which something is in the way.
    async fn node_over(&self, remote: impl Remote) -> TenantCache {
        ready(self.open(&self.cache(remote).build())).await
    }

    fn remote(&self) -> RedisRemote {
        RedisRemote::new(&self.redis, &self.prefix, Duration::from_secs(86_400))
    }

    fn cache(&self, remote: impl Remote) -> CacheBuilder {
        Cache::builder(&self.tenants)
            .remote(remote)
            .staleness_max(BOUND)
    }

    fn open(&self, cache: &Cache) -> TenantCache {
        cache.tenant(&self.scope).unwrap()
    }
}

/// A node that has read the logs: what it serves is not only served because it is new.
async fn ready(shop: TenantCache) -> TenantCache {
    let began = Instant::now();
    while !shop.is_proven() {
        assert!(began.elapsed() < PATIENCE, "the node never reads the logs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    shop
}

pub(crate) async fn shared_site() -> Site {
    Site::at(&Server::shared().await.url()).await
}

/// Whether a node would answer from its own memory.
async fn has(shop: &TenantCache, key: &str) -> bool {
    shop.why(&LISTS, key).await.unwrap().verdict == Verdict::Fresh
}

/// Waits until a node no longer has the value, and returns how long that took.
pub(crate) async fn gone(shop: &TenantCache, key: &str) -> Duration {
    let began = Instant::now();
    while has(shop, key).await {
        assert!(began.elapsed() < PATIENCE, "{key} stays");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    began.elapsed()
}

#[tokio::test]
async fn what_one_loads_the_other_finds() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    let source = Source::default();
    assert_eq!(
        source
            .through(&one, &LISTS, "list", &["product"])
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        source
            .through(&other, &LISTS, "list", &["product"])
            .await
            .unwrap(),
        1
    );
    assert_eq!(source.readings(), 1);
    // With other tags it would escape their flushes, so it is not the same.
    assert_eq!(
        source
            .through(&site.node().await, &LISTS, "list", &["other"])
            .await
            .unwrap(),
        2
    );
    // A type that has changed is a miss.
    #[derive(serde::Deserialize, serde::Serialize)]
    struct Count(u32);
    let load = || async { Ok::<_, Infallible>(Count(7)) };
    let tags = [Tag::new("other")];
    let count = site
        .node()
        .await
        .remember(&LISTS, "list", &tags, load)
        .await
        .unwrap();
    assert_eq!(count.0, 7);
}

#[tokio::test]
async fn a_flush_by_one_is_seen_by_the_other() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    let source = Source::default();
    for number in 1..=20 {
        let read = async |shop| {
            source
                .through(shop, &LISTS, "list", &["product"])
                .await
                .unwrap()
        };
        assert_eq!((read(&one).await, read(&other).await), (number, number));
        match number % 5 {
            0 => one.flush_tag("product", Flush::Hard).await.unwrap(),
            1 => one.flush_tag("product", Flush::Soft).await.unwrap(),
            2 => one.flush_class(&LISTS, Flush::Hard).await.unwrap(),
            3 => one.flush_tenant(Flush::Hard).await.unwrap(),
            _ => one
                .flush_tags(Match::All, &[Tag::new("product")], Flush::Hard)
                .await
                .unwrap(),
        }
        assert!(gone(&other, "list").await < BOUND);
    }
    source.through(&one, &LISTS, "list", &[]).await.unwrap();
    source.through(&other, &LISTS, "list", &[]).await.unwrap();
    assert!(one.remove(&LISTS, "list").await.unwrap());
    gone(&other, "list").await;
    one.put(&LISTS, "list", &[], 77_u32).await.unwrap();
    assert_eq!(
        source.through(&other, &LISTS, "list", &[]).await.unwrap(),
        77
    );
}

#[tokio::test]
async fn of_tags_that_are_flushed_together_the_first_decides_on_every_node() {
    let site = shared_site().await;
    let (one, other, source) = (site.node().await, site.node().await, Source::default());
    let entries: [(_, &[&str]); 5] = [
        ("both", &["list", "english"]),
        ("both the other way", &["english", "list"]),
        ("the first", &["list"]),
        ("the second", &["english"]),
        ("none", &[]),
    ];
    let tags = ["list", "english"].map(Tag::new);
    for how in [Flush::Hard, Flush::Soft] {
        for (key, tags) in entries {
            for shop in [&one, &other] {
                source.through(shop, &LISTS, key, tags).await.unwrap();
            }
        }
        one.flush_tags(Match::All, &[], how).await.unwrap();
        one.flush_tags(Match::All, &tags, how).await.unwrap();
        gone(&other, "both").await;
        for (key, tags) in entries {
            for (name, shop) in [("here", &one), ("elsewhere", &other)] {
                let is_kept = !tags.contains(&"list");
                assert_eq!(has(shop, key).await, is_kept, "{key} {name} {how:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_another_flushes_while_it_loads_is_used_by_nobody_after() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    let tags = [Tag::new("product")];
    let gate = Arc::new(Semaphore::new(0));
    let loading = tokio::spawn({
        let (one, tags, gate) = (one.clone(), tags.clone(), gate.clone());
        async move {
            one.remember(&LISTS, "list", &tags, || gated(&gate, 1_u32))
                .await
        }
    });
    while one.loads_under_way() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    other.flush_tag("product", Flush::Hard).await.unwrap();
    gate.add_permits(1);
    assert_eq!(*loading.await.unwrap().unwrap(), 1);
    gone(&one, "list").await;
    for shop in [&one, &other, &site.node().await] {
        let load = || async { Ok::<_, Infallible>(2_u32) };
        assert_eq!(
            *shop.remember(&LISTS, "list", &tags, load).await.unwrap(),
            2
        );
    }
}

#[tokio::test]
async fn every_way_to_read_finds_what_another_stored_and_honours_its_flush() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    let tags = [Tag::new("product")];
    let get = async |shop: &TenantCache| {
        let value = shop.get::<u32>(&LISTS, "list").await.unwrap();
        value.map(|value| *value)
    };
    assert_eq!(get(&other).await, None);
    one.put(&LISTS, "list", &tags, 1_u32).await.unwrap();
    assert_eq!((get(&one).await, get(&other).await), (Some(1), Some(1)));
    one.flush_tag("product", Flush::Hard).await.unwrap();
    gone(&other, "list").await;
    assert_eq!((get(&one).await, get(&other).await), (None, None));
    let none = || async { Ok::<Option<u32>, Infallible>(None) };
    assert_eq!(
        one.remember_optional(&LISTS, "none", &tags, none)
            .await
            .unwrap(),
        None
    );
    let never = || async { unreachable!("it is known") as Result<Option<u32>, Infallible> };
    assert_eq!(
        other
            .remember_optional(&LISTS, "none", &tags, never)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn of_many_who_take_on_two_nodes_one_gets_it() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    for round in 0..20_u32 {
        one.temporary().put("notice", round).await.unwrap();
        let mut takers = tokio::task::JoinSet::new();
        for number in 0..50 {
            let shop = [&one, &other][number % 2].clone();
            takers.spawn(async move { shop.temporary().take::<u32>("notice").await.unwrap() });
        }
        let taken: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken, [Arc::new(round)]);
    }
}

#[tokio::test]
async fn a_lost_version_ends_entries_and_brings_none_back() {
    let site = shared_site().await;
    let (one, source) = (site.node().await, Source::default());
    source
        .through(&one, &LISTS, "list", &["product"])
        .await
        .unwrap();
    one.flush_tag("product", Flush::Hard).await.unwrap();
    source
        .through(&one, &LISTS, "list", &["product"])
        .await
        .unwrap();
    let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end";
    let forget = Script::new(script);
    let versions = format!("{}*}}v*", site.prefix);
    site.redis
        .command(forget.call(Vec::<String>::new(), [versions]))
        .await
        .unwrap();
    // Whoever knows the version goes on; whoever does not, loads.
    assert_eq!(
        source
            .through(&site.node().await, &LISTS, "list", &["product"])
            .await
            .unwrap(),
        3
    );
}

#[tokio::test]
async fn a_store_that_forgot_everything_ends_everything() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (one, other) = (site.node().await, site.node().await);
    let source = Source::default();
    source
        .through(&one, &LISTS, "list", &["product"])
        .await
        .unwrap();
    source
        .through(&other, &LISTS, "list", &["product"])
        .await
        .unwrap();
    assert_eq!(source.readings(), 1);
    let forget = Script::new("return redis.call('FLUSHALL')");
    let forget = forget.call(Vec::<String>::new(), Vec::<String>::new());
    site.redis.command(forget).await.unwrap();
    gone(&one, "list").await;
    gone(&other, "list").await;
    assert_eq!(
        source
            .through(&one, &LISTS, "list", &["product"])
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn without_the_store_loads_go_on_and_flushes_are_made_up_for() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (one, other) = (site.node().await, site.node().await);
    let source = Source::default();
    let read = async |shop: &TenantCache| source.through(shop, &LISTS, "list", &["product"]).await;
    assert_eq!(
        (read(&one).await.unwrap(), read(&other).await.unwrap()),
        (1, 1)
    );
    server.kill().await;
    let flushed = one.flush_tag("product", Flush::Hard).await;
    assert_eq!(flushed.unwrap_err().kind(), ErrorKind::Unavailable);
    // Flushed here at once, and nowhere served beyond the bound.
    assert_eq!(read(&one).await.unwrap(), 2);
    gone(&other, "list").await;
    assert_eq!(read(&other).await.unwrap(), 3);
    server.restart().await;
    let began = Instant::now();
    while !(one.is_proven() && other.is_proven()) {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (now, same) = (read(&one).await.unwrap(), read(&other).await.unwrap());
    assert!(now >= 3 && now == same, "{now} {same}");
}

#[tokio::test]
async fn a_node_begins_without_the_store() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    server.kill().await;
    let shop = site.unready_node();
    let source = Source::default();
    assert_eq!(source.through(&shop, &LISTS, "list", &[]).await.unwrap(), 1);
    // For as long as the bound it is as good as fresh.
    assert_eq!(source.through(&shop, &LISTS, "list", &[]).await.unwrap(), 1);
    server.restart().await;
    let began = Instant::now();
    while !shop.is_proven() {
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    source.through(&shop, &LISTS, "other", &[]).await.unwrap();
    let before = source.readings();
    source
        .through(&site.node().await, &LISTS, "other", &[])
        .await
        .unwrap();
    assert_eq!(source.readings(), before);
}

#[tokio::test]
async fn a_store_that_hangs_costs_a_bounded_time_and_then_none() {
    let server = Server::start().await;
    let site = Site::at(&server.url()).await;
    let (shop, source) = (site.node().await, Source::default());
    source.through(&shop, &LISTS, "a", &[]).await.unwrap();
    server.pause().await;
    let began = Instant::now();
    source.through(&shop, &LISTS, "b", &[]).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    let began = Instant::now();
    for number in 0..50 {
        source
            .through(&shop, &LISTS, &format!("c{number}"), &[])
            .await
            .unwrap();
    }
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    server.resume().await;
}

#[tokio::test]
async fn many_keys_are_found_at_once() {
    let site = shared_site().await;
    let (one, other) = (site.node().await, site.node().await);
    let wanted: Vec<_> = (0..100)
        .map(|id| Wanted {
            key: Key::new(id),
            tags: vec![Tag::new("product").part(id)],
        })
        .collect();
    let ask = async |shop: &TenantCache| -> Result<usize, Error> {
        let loaded = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = loaded.clone();
        let load = move |places: Vec<usize>| {
            counted.fetch_add(places.len(), std::sync::atomic::Ordering::SeqCst);
            async move { Ok::<_, Infallible>(places) }
        };
        let values = shop.remember_many(&LISTS, &wanted, load).await?;
        assert!(
            values
                .iter()
                .enumerate()
                .all(|(place, value)| **value == place)
        );
        Ok(loaded.load(std::sync::atomic::Ordering::SeqCst))
    };
    assert_eq!(ask(&one).await.unwrap(), 100);
    assert_eq!(ask(&other).await.unwrap(), 0);
}

#[tokio::test]
async fn in_a_cluster_every_node_sees_every_flush_and_a_failover_brings_nothing_back() {
    let cluster = RedisCluster::start().await;
    let site = Site::at(&cluster.url()).await;
    let (one, other) = (site.node().await, site.node().await);
    let source = Source::default();
    let key = |number: usize| format!("list-{number}");
    for number in 0..60 {
        let (key, tag) = (key(number), format!("tag-{number}"));
        let read = async |shop| source.through(shop, &LISTS, &key, &[&tag]).await.unwrap();
        assert_eq!(read(&one).await, read(&other).await);
    }
    assert_eq!(source.readings(), 60);
    for number in 0..60 {
        one.flush_tag(format!("tag-{number}"), Flush::Hard)
            .await
            .unwrap();
        assert!(gone(&other, &key(number)).await < BOUND);
    }
    let before = source
        .through(&one, &LISTS, "kept", &["product"])
        .await
        .unwrap();
    assert_eq!(
        source
            .through(&other, &LISTS, "kept", &["product"])
            .await
            .unwrap(),
        before
    );
    // The log of the tenant's bucket moves to another server.
    let prefix = &site.prefix;
    let bucket = tenancy_cache::remote::Bucket::of(site.scope.tenant_id()).number();
    cluster
        .fail_over(&format!("{prefix}{{{prefix}{bucket}}}l"))
        .await;
    let began = Instant::now();
    while one.flush_tag("product", Flush::Hard).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "the cluster does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    gone(&other, "kept").await;
    let after = source
        .through(&other, &LISTS, "kept", &["product"])
        .await
        .unwrap();
    assert!(after > before);
}
