use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use tenancy_cache::Cache;
use tenancy_cache::class::{Class, PRODUCT_LISTS};
use tenancy_cache::remote::RedisRemote;
use tenancy_commerce::catalog::{CATEGORIES, CachedCatalog, PRODUCTS, SqlCatalog};
use tenancy_commerce::customer::SqlCustomers;
use tenancy_commerce::order::SqlOrders;
use tenancy_commerce::stock::SqlStock;
use tenancy_core::blob::Blobs;
use tenancy_core::cursor::CursorKey;
use tenancy_core::redis::Redis;
use tenancy_core::registry::{Address, Directory as _, SqlTenants, TenantRegistry as _};
use tenancy_core::sql::audit::{IsolationAudit, Report};
use tenancy_core::sql::migrate::{self, MigrationSet};
use tenancy_core::sql::{Database, SqlStorage};
use tenancy_core::{Actor, PlatformScope, Slug, Tenant, TenantId, TenantScope, Tenants};
use tenancy_observability::alert::Alerts;
use tenancy_observability::health::Health;
use tenancy_observability::metrics::Metrics;
use tenancy_security::block::BlockList;
use tenancy_security::credential::Passwords;
use tenancy_security::login_guard::LoginGuard;
use tenancy_security::session::Sessions;
use tenancy_security::threat::ThreatLayer;
use uuid::Uuid;

use crate::alerts;
use crate::config::Config;
use crate::defence::{self, KnownSources};
use crate::edge::EdgeTags;
use crate::failure::Failure;
use crate::health;
use crate::keys::{self, ApiKey, IssuedKey, KeyName, KeyRecord, KnownKeys};
use crate::measure;
use crate::media::MediaStore;
use crate::performance::Performance;
use crate::secret::{self, Secret};
use crate::shared;
use crate::slow_queries;
use crate::tables;
use crate::threats::Threats;
use crate::users::{Door, Users};

/// All tables of the platform, in the order in which they depend on each other.
pub(crate) static MIGRATIONS: LazyLock<[&'static MigrationSet; 4]> = LazyLock::new(|| {
    [
        &migrate::CORE,
        &tenancy_commerce::MIGRATIONS,
        &tenancy_observability::MIGRATIONS,
        &tables::MIGRATIONS,
    ]
});

/// How many tenants one step of platform-wide work reads.
const PAGE_ROWS: u32 = 100;

/// The parts of the platform, wired together.
#[derive(Clone, Debug)]
pub(crate) struct Platform(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    config: Config,
    registry: Arc<SqlTenants>,
    tenants: Tenants,
    database: Database,
    known_keys: KnownKeys,
    scope: PlatformScope,
    secret: Secret,
    cursor_key: CursorKey,
    blocks: BlockList,
    known_sources: KnownSources,
    threats: Threats,
    threat: ThreatLayer,
    edge_tags: EdgeTags,
    redis: Option<Redis>,
    cache: Option<Cache>,
    catalog: CachedCatalog<SqlCatalog>,
    customers: SqlCustomers,
    orders: SqlOrders,
    stock: SqlStock,
    passwords: Passwords,
    sessions: Sessions,
    login_guard: LoginGuard,
    media: MediaStore,
    metrics: Metrics,
    performance: Performance,
    health: Health,
    alerts: Alerts,
}

impl Platform {
    /// Opens the database as commands do, and makes sure that its schema is current.
    pub(crate) async fn open(config: Config) -> Result<Self, Failure> {
        let actor = Actor::system("command line");
        Self::open_as(config, actor).await
    }

    /// The same, for an actor that the journal will name.
    pub(crate) async fn open_as(config: Config, actor: Actor) -> Result<Self, Failure> {
        Self::open_measured(config, actor, Metrics::off()).await
    }

    /// The same, for one who counts. What counts must be installed by then.
    pub(crate) async fn open_measured(
        config: Config,
        actor: Actor,
        metrics: Metrics,
    ) -> Result<Self, Failure> {
        let connections = config.database.connections.get();
        let storage = SqlStorage::builder()
            .connections(u32::try_from(connections).unwrap_or(u32::MAX))
            .time_out(config.database.time_out())
            .slow_statements(config.slow_queries.threshold());
        let storage = match config.any_database_url() {
            Some(url) => storage.postgres(url.expose())?,
            None => storage.sqlite(&config.data).await.map_err(|error| {
                let folder = config.data.display();
                Failure::from(error).context(format_args!("cannot keep data in {folder}"))
            })?,
        };
        migrate::prepare(&storage, &*MIGRATIONS).await?;
        let registry = Arc::new(SqlTenants::new(&storage));
        let tenants = Tenants::new(registry.clone());
        let mut database = Database::builder(&storage, &tenants);
        for set in &MIGRATIONS[1..] {
            database = database.migrations(set);
        }
        let database = database.build();
        let scope = tenants.platform(actor);
        let secret = secret::of_platform(&config)?;
        let redis = shared::connect(&config)?;
        let cache = cache(&config, &tenants, &database, redis.as_ref());
        if let Some(cache) = &cache {
            measure::count_cached(&metrics, cache.platform(&scope)?);
        }
        let signed_in = &config.sessions;
        let (blocks, threats) = (BlockList::default(), Threats::default());
        let login_guard = login_guard(&config, redis.as_ref(), &blocks);
        let statements = slow_queries::begin(&config.slow_queries);
        let performance =
            Performance::new(&config.performance, &database, &scope, &metrics, statements);
        let health = health::of(
            &config,
            &database,
            &scope,
            &registry,
            redis.as_ref(),
            performance.outgoing(),
        )?;
        let alerts = alerts::of(&config, &database, &scope, &health, &performance)?;
        Ok(Self(Arc::new(Parts {
            registry,
            known_keys: KnownKeys::new(database.clone(), scope.clone()),
            cursor_key: CursorKey::new(secret.expose().as_bytes()),
            edge_tags: EdgeTags::new(secret.expose().as_bytes()),
            secret,
            known_sources: KnownSources::default(),
            threat: defence::threat(&config, &blocks, &threats),
            threats,
            blocks,
            catalog: catalog(&config, SqlCatalog::new(&database), cache.as_ref()),
            cache,
            customers: SqlCustomers::new(&database),
            orders: SqlOrders::new(&database),
            stock: SqlStock::new(&database),
            passwords: Passwords::new(),
            sessions: Sessions::new()
                .idle(signed_in.idle_time())
                .absolute(signed_in.absolute_time()),
            login_guard,
            redis,
            media: MediaStore::new(&config, &database),
            performance,
            health,
            alerts,
            metrics,
            config,
            tenants,
            database,
            scope,
        })))
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn registry(&self) -> &SqlTenants {
        &self.0.registry
    }

    pub(crate) fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn known_keys(&self) -> &KnownKeys {
        &self.0.known_keys
    }

    /// What servers share, if they do.
    pub(crate) fn redis(&self) -> Option<&Redis> {
        self.0.redis.as_ref()
    }

    /// `None` where it is switched off.
    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.0.cache.as_ref()
    }

    pub(crate) fn catalog(&self) -> &CachedCatalog<SqlCatalog> {
        &self.0.catalog
    }

    pub(crate) fn customers(&self) -> &SqlCustomers {
        &self.0.customers
    }

    pub(crate) fn orders(&self) -> &SqlOrders {
        &self.0.orders
    }

    pub(crate) fn stock(&self) -> &SqlStock {
        &self.0.stock
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn login_guard(&self) -> &LoginGuard {
        &self.0.login_guard
    }

    /// The people at a door.
    pub(crate) fn users(&self, door: &Door) -> Users {
        Users::new(self.database(), door)
    }

    pub(crate) fn media(&self) -> &MediaStore {
        &self.0.media
    }

    /// What requests take.
    pub(crate) fn performance(&self) -> &Performance {
        &self.0.performance
    }

    /// How the server and its parts are.
    pub(crate) fn health(&self) -> &Health {
        &self.0.health
    }

    /// Who is told that something is wrong.
    pub(crate) fn alerts(&self) -> &Alerts {
        &self.0.alerts
    }

    /// What the server counts, if it does.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The content of uploaded files.
    pub(crate) fn blobs(&self) -> Result<&Blobs, tenancy_core::Error> {
        self.0.media.blobs(self.config(), self.tenants())
    }

    /// Deletes content that no file names; what stays, the daily sweep finds.
    pub(crate) async fn remove_blob(&self, scope: &TenantScope, key: &str) {
        let Ok(key) = key.parse() else {
            return;
        };
        let removed = async { self.blobs()?.delete(scope, &key).await };
        if let Err(error) = removed.await {
            tracing::warn!(%error, "content that no file names was left");
        }
    }

    /// Who works, as the journal names them.
    pub(crate) fn actor(&self) -> &Actor {
        self.0.scope.actor()
    }

    pub(crate) fn scope(&self) -> &PlatformScope {
        &self.0.scope
    }

    /// The tenant with this slug, as the registry has it now.
    pub(crate) async fn tenant(&self, slug: &Slug) -> Result<Tenant, Failure> {
        let found = self.registry().find(&Address::Slug(slug.clone())).await?;
        found.ok_or_else(|| Failure::new(format!("no tenant has the slug {slug}")))
    }

    /// Some tenants after a slug, in its order.
    pub(crate) async fn tenant_page(&self, after: Option<&Slug>) -> Result<Vec<Tenant>, Failure> {
        Ok(self.registry().list(after, PAGE_ROWS).await?)
    }

    /// Makes the place for a tenant's data, or brings it up to date.
    pub(crate) async fn provision(&self, tenant: TenantId) -> Result<(), Failure> {
        let scope = self.0.scope.tenant(tenant).await?;
        Ok(self.database().provision(&scope).await?)
    }

    /// Where visitors find a tenant's shop.
    pub(crate) fn shop_url(&self, slug: &Slug) -> String {
        let base = self.config().base_domain();
        let origin = self.config().origin();
        match format!("{slug}.{base}").parse() {
            Ok(host) => origin.with_host(host).to_string(),
            // Too long for a host name: such a shop is found under its own domain only.
            Err(_) => origin.to_string(),
        }
    }

    pub(crate) async fn issue_key(
        &self,
        tenant: TenantId,
        name: &KeyName,
    ) -> Result<IssuedKey, Failure> {
        let key = ApiKey::generate()?;
        let mut tx = self.database().platform(&self.0.scope).await?;
        let issued = keys::issue(&mut tx, tenant, name, key).await?;
        tx.commit().await?;
        Ok(issued)
    }

    pub(crate) async fn keys(&self, tenant: TenantId) -> Result<Vec<KeyRecord>, Failure> {
        let mut tx = self.database().platform_read(&self.0.scope).await?;
        let keys = keys::list(&mut tx, tenant).await?;
        tx.commit().await?;
        Ok(keys)
    }

    pub(crate) async fn revoke_key(&self, tenant: TenantId, id: Uuid) -> Result<bool, Failure> {
        let mut tx = self.database().platform(&self.0.scope).await?;
        let revoked = keys::revoke(&mut tx, tenant, id).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    /// Asks the database for something small.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        Ok(self.registry().changes(u64::MAX).await.map(drop)?)
    }

    /// Whether the database keeps tenants apart, for the role that is logged in.
    pub(crate) async fn audit(&self) -> Result<Report, Failure> {
        let audit = IsolationAudit::new(&*MIGRATIONS);
        audit.run(self.database().storage()).await.map_err(|error| {
            Failure::from(error).context("cannot tell whether the database keeps tenants apart")
        })
    }

    /// What caches in front of the server know answers by.
    pub(crate) fn edge_tags(&self) -> &EdgeTags {
        &self.0.edge_tags
    }

    /// Whom this server does not serve, as far as it knows.
    pub(crate) fn blocks(&self) -> &BlockList {
        &self.0.blocks
    }

    pub(crate) fn known_sources(&self) -> &KnownSources {
        &self.0.known_sources
    }

    /// What looked like attacks and is on its way to the journals.
    pub(crate) fn threats(&self) -> &Threats {
        &self.0.threats
    }

    /// What judges requests, and texts that it has not read itself.
    pub(crate) fn threat(&self) -> &ThreatLayer {
        &self.0.threat
    }

    /// The slugs of all tenants.
    pub(crate) async fn slugs(&self) -> Result<HashMap<TenantId, Slug>, Failure> {
        let (mut slugs, mut after) = (HashMap::new(), None);
        loop {
            let page = self.tenant_page(after.as_ref()).await?;
            let Some(last) = page.last() else {
                return Ok(slugs);
            };
            after = Some(last.slug.clone());
            slugs.extend(page.into_iter().map(|tenant| (tenant.id, tenant.slug)));
        }
    }

    /// What keys for each purpose are derived from.
    pub(crate) fn secret(&self) -> &[u8] {
        self.0.secret.expose().as_bytes()
    }

    /// What signs cursors.
    pub(crate) fn cursor_key(&self) -> &CursorKey {
        &self.0.cursor_key
    }
}

/// What is kept, in memory and through Redis where there is one, unless that is switched off.
fn cache(
    config: &Config,
    tenants: &Tenants,
    database: &Database,
    redis: Option<&Redis>,
) -> Option<Cache> {
    let kept = &config.cache;
    let cache = kept.enabled.then(|| Cache::builder(tenants))?;
    let cache = cache
        .capacity_bytes(kept.capacity_bytes.get())
        .journal(database);
    let Some(redis) = redis else {
        return Some(cache.build());
    };
    let life_max = classes(config)
        .map(|class| class.life_max())
        .into_iter()
        .max();
    let remote = RedisRemote::new(redis, &config.redis_prefix, life_max.unwrap_or_default());
    Some(cache.remote(remote).build())
}

/// What watches over attempts to sign in, on all nodes together where they share a Redis.
/// Whoever tries too many accounts is blocked.
fn login_guard(config: &Config, redis: Option<&Redis>, blocks: &BlockList) -> LoginGuard {
    let guard = LoginGuard::builder(blocks);
    let prefix = format!("{}login:", config.redis_prefix);
    match redis {
        Some(redis) => guard.redis(redis.clone(), &prefix).build(),
        None => guard.build(),
    }
}

/// How long lists, products and categories are kept.
fn classes(config: &Config) -> [Class; 3] {
    let kept = &config.cache;
    [
        PRODUCT_LISTS.time_to_live(kept.product_lists_time()),
        PRODUCTS.time_to_live(kept.products_time()),
        CATEGORIES.time_to_live(kept.categories_time()),
    ]
}

/// The catalogues, through the cache where there is one.
fn catalog(
    config: &Config,
    catalog: SqlCatalog,
    cache: Option<&Cache>,
) -> CachedCatalog<SqlCatalog> {
    let Some(cache) = cache else {
        return CachedCatalog::passing_through(catalog);
    };
    let [lists, products, categories] = classes(config);
    CachedCatalog::new(catalog, cache)
        .keep_lists(lists)
        .keep_products(products)
        .keep_categories(categories)
}

#[cfg(test)]
impl Platform {
    /// One with this configuration and a folder of its own, which lasts as long as what is returned beside it.
    pub(crate) async fn in_new_folder(mut config: Config) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        folder.path().clone_into(&mut config.data);
        let platform = Self::open_as(config, Actor::system("test")).await;
        (platform.unwrap(), folder)
    }
}
