use std::convert::Infallible;
use std::error::Error;
use std::ops::Range;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tenancy_cache::class::Class;
use tenancy_cache::remote::{RedisRemote, Remote};
use tenancy_cache::{Cache, Key, Tag, TenantCache, Wanted};
use tenancy_core::redis::{Command, Redis, Script};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_tests::Redis as Server;

pub(super) const PRODUCTS: Class = Class::new("products").early_refresh(0.0).jitter(0.0);

const PREFIX: &str = "bench:";
const PATIENCE: Duration = Duration::from_secs(20);

/// An installation whose nodes share a Redis.
pub(super) struct Site {
    server: Server,
    /// The connection of the nodes, and of what they are compared with.
    pub(super) redis: Redis,
    tenants: Tenants,
    scope: TenantScope,
}

/// What shops cache.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Product {
    id: u32,
    title: String,
    description: String,
    price_cents: i64,
}

impl Product {
    pub(super) fn new(id: u32) -> Self {
        Self {
            id,
            title: format!("Product {id}"),
            description: "All that there is to say of it. ".repeat(14),
            price_cents: 1999,
        }
    }
}

impl Site {
    pub(super) async fn start() -> Result<Self, Box<dyn Error>> {
        let server = Server::start().await;
        let registry = InMemoryTenants::default();
        let shop = registry.add(&Tenant::new(TenantId::generate(), "shop".parse()?))?;
        let tenants = Tenants::new(registry);
        let actor = Actor::system("bench");
        let scope = tenants.scope(shop.id, actor, Purpose::Request).await?;
        Ok(Self {
            redis: connect(&server)?,
            server,
            tenants,
            scope,
        })
    }

    /// A process of its own, as far as the cache is concerned, with a connection of its own.
    pub(super) async fn stranger(&self) -> Result<TenantCache, Box<dyn Error>> {
        self.node(remote(&connect(&self.server)?)).await
    }

    /// A process of its own over the shared connection.
    pub(super) fn remote(&self) -> RedisRemote {
        remote(&self.redis)
    }

    /// A process that has read the logs.
    pub(super) async fn node(&self, remote: impl Remote) -> Result<TenantCache, Box<dyn Error>> {
        let cache = Cache::builder(&self.tenants).capacity_bytes(1 << 30);
        let shop = cache.remote(remote).build().tenant(&self.scope)?;
        let began = Instant::now();
        while !shop.is_proven() {
            assert!(began.elapsed() < PATIENCE, "the node never reads the logs");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(shop)
    }

    /// Stores products under their numbers, for any node to find, and returns what they are called
    /// in Redis.
    pub(super) async fn stock(&self, numbers: Range<u32>) -> Result<Vec<Bytes>, Box<dyn Error>> {
        let shop = self.node(self.remote()).await?;
        for start in numbers.clone().step_by(BATCH) {
            let wanted = wanted(start);
            let load = |places: Vec<usize>| async move {
                let number = |place: usize| start + u32::try_from(place).expect("of a batch");
                let products = places.into_iter().map(number).map(Product::new);
                Ok::<Vec<_>, Infallible>(products.collect())
            };
            shop.remember_many(&PRODUCTS, &wanted, load).await?;
        }
        let list = Script::new("return redis.call('KEYS', ARGV[1])");
        let list = list.call(Vec::<String>::new(), [format!("{PREFIX}{{e*}}")]);
        let names = self.redis.command(list).await?.into_array()?.into_iter();
        let names = names.map(|name| Ok(name.into_bytes()?.unwrap_or_default()));
        names.collect()
    }

    /// How often the server has read from a socket.
    pub(super) async fn reads(&self) -> Result<u64, Box<dyn Error>> {
        let reads = self.info("stats", "total_reads_processed").await?;
        Ok(reads.parse()?)
    }

    /// How often a command was called, and the microseconds that the server spent on it.
    pub(super) async fn spent(&self, command: &str) -> Result<[u64; 2], Box<dyn Error>> {
        let name = format!("cmdstat_{command}");
        let line = self.info("commandstats", &name).await?;
        let mut numbers = line.split([',', '=']).filter_map(|part| part.parse().ok());
        let mut next = || numbers.next().ok_or("a number is missing");
        Ok([next()?, next()?])
    }

    async fn info(&self, section: &str, name: &str) -> Result<String, Box<dyn Error>> {
        let info = self
            .redis
            .command(Command::new("INFO").arg(section))
            .await?;
        let info = info.into_bytes()?.unwrap_or_default();
        let mut lines = str::from_utf8(&info)?.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        Ok(value.ok_or("the server does not count this")?.to_owned())
    }
}

/// How many keys are asked for together.
pub(super) const BATCH: usize = 100;

/// The keys of a batch, with three tags each.
pub(super) fn wanted(start: u32) -> Vec<Wanted<'static>> {
    let numbers = start..start + BATCH as u32;
    let wanted = numbers.map(|number| Wanted {
        key: Key::new(number),
        tags: tags().into(),
    });
    wanted.collect()
}

pub(super) fn tags() -> [Tag; 3] {
    ["product", "vendor", "season"].map(Tag::new)
}

fn connect(server: &Server) -> Result<Redis, tenancy_core::Error> {
    let redis = Redis::builder(&server.url());
    redis.time_out(Duration::from_secs(5)).build()
}

fn remote(redis: &Redis) -> RedisRemote {
    RedisRemote::new(redis, PREFIX, Duration::from_secs(86_400))
}
