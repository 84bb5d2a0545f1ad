use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenancy_core::scope::Realm;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use tenancy_core::sql::Database;
use tenancy_core::{PlatformScope, TenantId, TenantScope, Tenants};
use tokio::time::Instant;

use crate::class::{Class, Classes};
use crate::clock::{Clock, Moment};
use crate::entry::{Cause, Entry, Use, Value};
use crate::error::{Error, ErrorKind};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::journal::{Journal, Observer};
use crate::metrics::NamedTenants;
use crate::remote::{Remote, Shared};
use crate::shelf::{NameRef, Pool, Shelf};
use crate::tenant_cache::TenantCache;
use crate::usage::Usage;
use crate::version::{Flush, Version};

/// A cache for the tenants of one [`Tenants`].
///
/// Cheap to clone. It gives access to nothing but by a scope: [`tenant`](Self::tenant) for one
/// tenant's entries, [`platform`](Self::platform) to flush those of all.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) realm: Realm,
    pub(crate) classes: Classes,
    pub(crate) pool: Pool,
    pub(crate) value_bytes_max: u64,
    pub(crate) clock: Clock,
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) journal: Option<Arc<Journal>>,
    named_tenants: Mutex<NamedTenants>,
    pub(crate) shared: Option<Arc<Shared>>,
}

/// Sets up a [`Cache`].
#[must_use]
#[derive(Debug)]
pub struct CacheBuilder {
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) database: Option<Database>,
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) check_interval: Duration,
    tenants: Tenants,
    capacity_bytes: u64,
    guarantee_bytes: Option<u64>,
    value_bytes_max: u64,
    shards: usize,
    clock: Clock,
    remote: Option<Arc<dyn Remote>>,
    staleness_max: Duration,
}

/// The right to flush entries of all tenants.
#[derive(Clone, Debug)]
pub struct PlatformCache {
    cache: Cache,
}

/// How many guarantees fit into the cache, unless said otherwise.
const GUARANTEES: u64 = 512;

impl Cache {
    /// A cache with the default bounds.
    pub fn new(tenants: &Tenants) -> Self {
        Self::builder(tenants).build()
    }

    /// A cache with bounds to choose.
    pub fn builder(tenants: &Tenants) -> CacheBuilder {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        CacheBuilder {
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            database: None,
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            check_interval: Duration::from_secs(1),
            tenants: tenants.clone(),
            capacity_bytes: 128 * 1024 * 1024,
            guarantee_bytes: None,
            value_bytes_max: 1024 * 1024,
            shards: threads.min(8),
            clock: Clock::System,
            remote: None,
            staleness_max: Duration::from_secs(1),
        }
    }

    /// The entries of the scope's tenant.
    ///
    /// # Errors
    /// [`WrongRealm`](ErrorKind::WrongRealm) for a scope that another [`Tenants`] made, and
    /// [`NotAvailable`](ErrorKind::NotAvailable) or [`NotFound`](ErrorKind::NotFound) where the
    /// tenant's state, as last seen, forbids the scope's work.
    pub fn tenant(&self, scope: &TenantScope) -> Result<TenantCache, Error> {
        if scope.realm() != self.0.realm {
            return Err(ErrorKind::WrongRealm.into());
        }
        scope.check_known()?;
        let shelf = self.0.pool.shelf(scope.tenant_id());
        shelf.touch(self.0.clock.now());
        let meter = scope.meter().clone();
        Ok(TenantCache::new(self.0.clone(), shelf, meter))
    }

    /// Flushes for all tenants.
    ///
    /// # Errors
    /// [`WrongRealm`](ErrorKind::WrongRealm) for a scope that another [`Tenants`] made.
    pub fn platform(&self, scope: &PlatformScope) -> Result<PlatformCache, Error> {
        if scope.realm() != self.0.realm {
            return Err(ErrorKind::WrongRealm.into());
        }
        let cache = self.clone();
        Ok(PlatformCache { cache })
    }
}

impl Inner {
    pub(crate) fn usable(&self, shelf: &Shelf, entry: &Entry) -> Use {
        let now = self.clock.now();
        if !self.is_sure(shelf, now) {
            return Use::Dead(Cause::Unsure);
        }
        if let Some(shared) = &self.shared
            && !shared.proves(shelf, entry, now)
        {
            return Use::Dead(Cause::Unsure);
        }
        entry.usable(now)
    }

    /// A value that may be used as it is, where that is plain to see.
    #[inline]
    pub(crate) fn plain(&self, shelf: &Shelf, name: NameRef<'_>) -> Value {
        let now = self.clock.now();
        let mut ledgers = shelf.ledgers.iter().flatten();
        if !self.is_sure(shelf, now) || !ledgers.all(|ledger| ledger.is_proven(now)) {
            return None;
        }
        let flushes = self.flushes(shelf);
        shelf.look(name, |slot| {
            let value = slot.value(now, flushes)?;
            slot.class.metrics.hits.increment(1);
            Some(value)
        })
    }

    /// Whether the tenant's entries may be used now, as far as the journal goes.
    #[inline]
    pub(crate) fn is_sure(&self, shelf: &Shelf, now: Moment) -> bool {
        #[cfg(any(feature = "postgres", feature = "sqlite"))]
        if let Some(journal) = &self.journal {
            return journal.is_sure(shelf, now, self.clock);
        }
        let _ = (self, shelf, now);
        true
    }

    /// How many flushes there have been that may concern the shelf.
    #[inline]
    fn flushes(&self, shelf: &Shelf) -> u64 {
        let here = shelf.versions.flushes.load(Ordering::Acquire);
        // All only grow, so their sum is the same only while each is.
        let mut flushes = here.wrapping_add(self.classes.flushes.load(Ordering::Acquire));
        for ledger in shelf.ledgers.iter().flatten() {
            flushes = flushes.wrapping_add(ledger.flushes.load(Ordering::Acquire));
        }
        flushes
    }

    /// Does something to the version of this name in the remote tier, where something depends on it.
    pub(crate) fn obey(&self, name: &[u8], act: impl Fn(&Version)) {
        let Some((kind, rest)) = name.split_first() else {
            return;
        };
        let text = || str::from_utf8(rest).ok();
        match kind {
            b'p' => act(&self.classes.platform),
            b'e' => {
                if let Some(version) = text().and_then(|class| self.classes.known(class)) {
                    act(&version);
                }
            }
            _ => return self.obey_of_tenant(*kind, rest, act),
        }
        self.classes.flushed();
    }

    fn obey_of_tenant(&self, kind: u8, name: &[u8], act: impl Fn(&Version)) {
        let Some((tenant, rest)) = name.split_first_chunk::<16>() else {
            return;
        };
        let tenant = TenantId::from(uuid::Uuid::from_bytes(*tenant));
        let Some(versions) = self.pool.known_versions(tenant) else {
            return;
        };
        let version = match kind {
            b'T' => Some(versions.tenant.clone()),
            b'c' => str::from_utf8(rest)
                .ok()
                .and_then(|class| versions.known_class(class)),
            b't' => versions.known_tag(rest),
            _ => None,
        };
        if let Some(version) = version {
            act(&version);
            versions.flushed();
        }
    }

    /// Makes sure that what other processes have changed is known, as far as it can be. Says whether
    /// it was not before.
    pub(crate) async fn make_sure(&self, shelf: &Shelf) -> bool {
        #[cfg(any(feature = "postgres", feature = "sqlite"))]
        if let Some(journal) = &self.journal {
            return journal.make_sure(shelf, self.clock).await;
        }
        let _ = shelf;
        false
    }
}

impl PlatformCache {
    /// Flushes everything.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) where the remote tier could not be told; the flush is
    /// done here, and told as soon as it can be.
    pub async fn flush_all(&self, how: Flush) -> Result<(), Error> {
        let platform = self.cache.0.classes.platform.clone();
        self.flush(platform, how).await
    }

    /// Flushes a class of every tenant.
    ///
    /// # Errors
    /// As [`flush_all`](Self::flush_all).
    pub async fn flush_class(&self, class: &Class, how: Flush) -> Result<(), Error> {
        let everywhere = self.cache.0.classes.of(class).everywhere.clone();
        self.flush(everywhere, how).await
    }

    async fn flush(&self, version: Arc<Version>, how: Flush) -> Result<(), Error> {
        let cache = &self.cache.0;
        cache.classes.flush(&version, how);
        if let Some(shared) = &cache.shared {
            let nobody = TenantId::from(uuid::Uuid::nil());
            shared.tell_flush(nobody, &[version], how).await?;
        }
        Ok(())
    }

    /// What each tenant with entries takes now, the largest first.
    pub fn usage(&self) -> Vec<Usage> {
        Usage::of(&self.cache.0.pool)
    }

    /// Sets the [gauges](crate::metrics) of what tenants take and of the loads under way: call it
    /// before they are read.
    ///
    /// The tenants to which `name` gives one are told by it, best the one they have in other metrics,
    /// and the rest is added up as `__other__`; in a process's life no more than 1000 names are told.
    pub fn record_usage(&self, name: impl Fn(TenantId) -> Option<Arc<str>>) {
        let tenants = self.cache.0.named_tenants.lock();
        // A record that was cut short is made whole by the next one.
        let mut tenants = tenants.unwrap_or_else(PoisonError::into_inner);
        tenants.record(&self.usage(), name);
    }
}

impl CacheBuilder {
    /// Sets how much memory all entries may take, with their names and what surrounds them.
    /// Default: 128 MiB.
    pub fn capacity_bytes(mut self, bytes: u64) -> Self {
        self.capacity_bytes = bytes;
        self
    }

    /// Sets how much of it each tenant that uses the cache has to itself. The rest is shared. Where
    /// more tenants use the cache than guarantees fit, those idle for longest lose theirs. Default:
    /// a 512th of the capacity.
    pub fn guarantee_bytes(mut self, bytes: u64) -> Self {
        self.guarantee_bytes = Some(bytes);
        self
    }

    /// Sets how large a value may be. Larger ones are loaded and not kept. Default: 1 MiB.
    pub fn value_bytes_max(mut self, bytes: u64) -> Self {
        self.value_bytes_max = bytes;
        self
    }

    /// Sets into how many parts each tenant's table is divided, so that threads meet less often; a
    /// value must fit into one part. Default: one for each processor, 8 at most.
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = shards.clamp(1, 256);
        self
    }

    /// Takes the time from tokio, whose clock a test can stop. Default: the system's clock, a few
    /// milliseconds coarse.
    pub fn tokio_clock(mut self) -> Self {
        self.clock = Clock::Tokio {
            start: Instant::now(),
        };
        self
    }

    /// Shares entries and flushes with other processes, through a remote tier. Then
    /// [`build`](Self::build) must be called in a tokio runtime.
    pub fn remote(mut self, remote: impl Remote) -> Self {
        self.remote = Some(Arc::new(remote));
        self
    }

    /// Sets how old an answer may be at most that another process has flushed. Default: one second.
    /// Where the remote tier cannot be reached for longer, only what was loaded since then is served.
    pub fn staleness_max(mut self, staleness_max: Duration) -> Self {
        self.staleness_max = staleness_max;
        self
    }

    /// The cache.
    ///
    /// # Panics
    /// With a [`remote`](Self::remote) tier, outside a tokio runtime.
    pub fn build(self) -> Cache {
        let guarantee = self
            .guarantee_bytes
            .unwrap_or(self.capacity_bytes / GUARANTEES);
        let shared = self.remote.clone();
        let shared = shared.map(|remote| Arc::new(Shared::new(remote, self.staleness_max)));
        let cache = Arc::new(Inner {
            realm: self.tenants.realm(),
            classes: Classes::new(),
            pool: Pool::new(self.capacity_bytes, guarantee, self.shards, shared.clone()),
            shared: shared.clone(),
            value_bytes_max: self.value_bytes_max,
            clock: self.clock,
            named_tenants: Mutex::default(),
            #[cfg(any(feature = "postgres", feature = "sqlite"))]
            journal: self.database.clone().map(|database| {
                let tenants = self.tenants.clone();
                Arc::new(Journal::new(
                    database,
                    tenants,
                    self.check_interval,
                    shared.clone(),
                ))
            }),
        });
        #[cfg(any(feature = "postgres", feature = "sqlite"))]
        if let Some(database) = &self.database {
            Observer::observe_for(&cache, database);
        }
        if cache.shared.is_some() {
            tokio::spawn(Shared::follow(Arc::downgrade(&cache)));
        }
        Cache(cache)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("pool", &self.0.pool)
            .finish_non_exhaustive()
    }
}
