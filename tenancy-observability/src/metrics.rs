//! Counting for each tenant, in a fixed amount of memory.
//!
//! [`Metrics`] is a registry of its own, and a recorder of the
//! [`metrics`](https://docs.rs/metrics) facade: [installed](Metrics::install), it takes what any crate
//! counts through that.
//!
//! Of the tenants those who do most are named, as many as
//! [`named_tenants`](MetricsBuilder::named_tenants) says. The others are counted together as
//! `__other__`, and those whom a client only says there are as `__unknown__`. Who is named is decided
//! anew in each [window](MetricsBuilder::window): a tenant that has become the heaviest has its name after
//! the next one. What was counted under a name that is lost is from then on `__former__`. So the sum over
//! all of them is exact at any time, whoever loses or gets a name, and never falls; rates are taken of all
//! but `__former__`, which grows by what was counted long before. A counter of a tenant that gets its name
//! back begins at zero, as after a restart.
//!
//! ```
//! use tenancy_core::{Tenant, TenantId};
//! use tenancy_observability::Party;
//! use tenancy_observability::metrics::{Metrics, Value};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let metrics = Metrics::builder("production").named_tenants(1).build();
//! let carts = metrics.tenant_counter("carts_total", "Carts begun.", &[("channel", "web")]);
//!
//! let acme = Tenant::new(TenantId::generate(), "acme".parse()?);
//! let globex = Tenant::new(TenantId::generate(), "globex".parse()?);
//! carts.increment(Party::Tenant(&acme), 2);
//! carts.increment(Party::Tenant(&globex), 1);
//!
//! let snapshot = metrics.snapshot();
//! let family = snapshot.family("carts_total").ok_or("not there")?;
//! let points: Vec<_> = family.points.iter().map(|point| (&*point.tenant, &point.value)).collect();
//! assert_eq!(points, [("acme", &Value::Counter(2)), ("__other__", &Value::Counter(1))]);
//! # Ok(())
//! # }
//! ```
//!
//! # What is bounded
//! Sets of labels, all together and for each name, by [`series_max`](MetricsBuilder::series_max); what is
//! written of them, by [`text_bytes_max`](MetricsBuilder::text_bytes_max), of which each named tenant has the
//! same share. Those beyond, of all parties or of one, share a point with the label `overflow`, and no count
//! is lost. Values of labels are cut at 128 bytes. Histograms keep counts and no samples, so it does not
//! matter whether anybody asks for them.
//!
//! # Beside another recorder
//! Handles from here count in their own registry, whichever recorder is installed. With
//! [`forwarding`](MetricsBuilder::forwarding) they tell that recorder as well, without the tenant, for
//! most recorders keep every label for ever. [`Metrics::off`] makes handles that do nothing.
//!
//! # Through the facade
//! A counter with a label `tenant` is counted for the tenant of that slug or id if it is named, and as
//! `__other__` if not. A gauge keeps the label, as one more that is bounded by number; a histogram loses
//! it.
//!
//! # What the registry says of itself
//! The gauges `tenancy_metrics_series`, with the label `state` (`live` is what is exported, `overflow`
//! what of it stands for others, `retired` what nobody is named by any more), and
//! `tenancy_metrics_named_tenants`; the counter `tenancy_metrics_overflow_total`: how often a set of
//! labels found no room.

pub(crate) mod buckets;
mod cells;
mod handle;
mod name;
mod plain;
mod recorder;
mod refresh;
mod registry;
mod requests;
mod room;
mod since;
mod sketch;
mod snapshot;
mod take;
mod tenants;

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{Key, Recorder};
use tenancy_core::time::Time;
use tenancy_core::{Tenant, TenantId};

use self::handle::Handle;
pub use self::handle::{Held, TenantCounter, TenantGauge, TenantHistogram};
pub(crate) use self::name::mark;
use self::recorder::Facade;
use self::refresh::Refreshers;
use self::registry::{Found, Kind as Registered, Registry, Slot};
pub use self::requests::RequestMetrics;
use self::room::Room;
pub use self::snapshot::{Family, Kind, Point, Snapshot, Value};
pub use self::tenants::Standing;
use self::tenants::Tenants;

/// The registry. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Metrics(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    environment: Arc<str>,
    writer: Arc<str>,
    began: Time,
    tenants: Tenants,
    registry: Mutex<Registry>, // std's: never held across an await
    facade: Facade,
    forwards: bool,
    overflows: AtomicU64,
    refreshers: Refreshers,
}

/// Sets up [`Metrics`].
#[derive(Clone, Debug)]
#[must_use]
pub struct MetricsBuilder {
    environment: String,
    writer: Option<String>,
    named_tenants: usize,
    series_max: usize,
    text_bytes_max: usize,
    window: Duration,
    forwards: bool,
}

impl Metrics {
    /// Counts for a process of this environment, such as `production`.
    pub fn builder(environment: impl Into<String>) -> MetricsBuilder {
        MetricsBuilder {
            environment: environment.into(),
            writer: None,
            named_tenants: 100,
            series_max: 10_000,
            text_bytes_max: 2 << 20,
            window: Duration::from_secs(60),
            forwards: false,
        }
    }

    /// Counts nothing, and costs next to nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// Takes what any code of this process counts through the facade from now on.
    ///
    /// Handles that were made before go on doing nothing.
    ///
    /// # Errors
    /// When another recorder was installed before.
    pub fn install(&self) -> Result<(), AlreadyInstalled> {
        metrics::set_global_recorder(self.clone()).map_err(|_| AlreadyInstalled)
    }

    /// A counter for each tenant. The same name and labels give the same counter.
    ///
    /// The labels must be few: each set is a series for every named tenant. A name that is another kind of
    /// metric's already gives a counter that counts nothing.
    pub fn tenant_counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> TenantCounter {
        let handle = self.handle(
            Registered::TenantCounter,
            name,
            help,
            labels,
            |recorder, key| recorder.register_counter(key, &recorder::METADATA),
        );
        TenantCounter(handle)
    }

    /// A gauge for each tenant of what is going on at a time. See
    /// [`tenant_counter`](Self::tenant_counter).
    pub fn tenant_gauge(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> TenantGauge {
        let handle = self.handle(
            Registered::TenantGauge,
            name,
            help,
            labels,
            |recorder, key| recorder.register_gauge(key, &recorder::METADATA),
        );
        TenantGauge(handle)
    }

    /// A histogram of durations for each tenant, in the buckets of OpenTelemetry's conventions: 5 ms to
    /// 10 s. Its name ends in `_seconds`. See [`tenant_counter`](Self::tenant_counter); a histogram is
    /// seventeen series for each named tenant and set of labels.
    pub fn tenant_histogram(
        &self,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
    ) -> TenantHistogram {
        let kind = Registered::TenantHistogram;
        let handle = self.handle(kind, name, help, labels, |recorder, key| {
            recorder.register_histogram(key, &recorder::METADATA)
        });
        TenantHistogram(handle)
    }

    /// Removes a tenant's name. What was counted for it stays in the sums.
    ///
    /// For a tenant that has left. Should anything be counted for it afterwards, it can be named again.
    pub fn forget(&self, tenant: &Tenant) {
        if let Some(inner) = &self.0 {
            inner.tenants.forget(tenant.id);
            inner.facade.forget();
            let id = tenant.id.to_string();
            let is_forgotten = |value: &str| value == id || value == tenant.slug.as_str();
            inner
                .registry()
                .forget(|key, value| key == "tenant" && is_forgotten(value));
        }
    }

    /// What a tenant is called in what is written now; `None` for one that is among the others.
    pub fn named(&self, tenant: TenantId) -> Option<Arc<str>> {
        self.0.as_ref()?.tenants.named(tenant)
    }

    /// Who did most in the present window, the first of them first: the named ones exactly, others about.
    pub fn top(&self, number: usize) -> Vec<Standing> {
        let inner = self.0.as_ref();
        inner.map_or_else(Vec::new, |inner| inner.tenants.top(number))
    }

    /// How much a tenant did in the present window, whether it is named or not; `None` when nothing is
    /// counted.
    pub fn standing(&self, tenant: TenantId) -> Option<Standing> {
        let inner = self.0.as_ref();
        inner.map(|inner| inner.tenants.standing(tenant))
    }

    /// Has gauges set anew before each [`snapshot`](Self::snapshot), whoever takes it and wherever that goes:
    /// for what is looked up, such as the size of a cache, and not told at every change.
    ///
    /// `refresh` works while somebody waits for the snapshot, and perhaps for two at a time. It is given this
    /// registry, so that it need not keep it, and must not take a snapshot itself.
    pub fn before_snapshot(&self, refresh: impl Fn(&Self) + Send + Sync + 'static) {
        if let Some(inner) = &self.0 {
            inner.refreshers.add(Arc::new(refresh));
        }
    }

    /// All that was counted until now.
    pub fn snapshot(&self) -> Snapshot {
        match &self.0 {
            Some(inner) => {
                for refresh in inner.refreshers.all() {
                    refresh(self);
                }
                inner.snapshot()
            }
            None => Snapshot {
                at: Time::now(),
                environment: Arc::default(),
                writer: Arc::default(),
                families: Vec::new(),
            },
        }
    }

    fn handle<T>(
        &self,
        kind: Registered,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        forwarded: impl FnOnce(&dyn Recorder, &Key) -> T,
    ) -> Option<Handle<T>> {
        let inner = self.0.as_ref()?;
        let named = labels
            .iter()
            .copied()
            .filter(|(key, _)| *key != recorder::TENANT);
        inner.registry().describe(name, help);
        let Some(Slot::Tenant(cell)) = inner.slot(name, kind, registry::labels(named)) else {
            return None;
        };
        let total = inner.forwards.then(|| {
            let key = recorder::forwarded(name, labels);
            let make = || metrics::with_recorder(|recorder| forwarded(recorder, &key));
            inner.facade.without(make)
        });
        Some(Handle::new(inner.clone(), cell, total))
    }
}

/// Another recorder was installed before this one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("another recorder of metrics is installed")]
pub struct AlreadyInstalled;

impl Inner {
    fn slot(&self, name: &str, kind: Registered, labels: registry::Labels) -> Option<Slot> {
        match self.registry().slot(name, kind, labels) {
            Found::Own(slot) => Some(slot),
            Found::Overflow(slot) => {
                self.overflows.fetch_add(1, Ordering::Relaxed);
                Some(slot)
            }
            Found::Nothing => {
                self.overflows.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// The registry only grows, by one whole entry after another.
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetricsBuilder {
    /// Sets what this process is called among those of its environment. It has to be another for each,
    /// or they overwrite what the others have pushed. Default: the machine's name and the process' number.
    pub fn writer(mut self, writer: impl Into<String>) -> Self {
        self.writer = Some(writer.into());
        self
    }

    /// Sets how many tenants are named at a time. Default: 100.
    pub fn named_tenants(mut self, tenants: usize) -> Self {
        self.named_tenants = tenants;
        self
    }

    /// Sets how many sets of labels there may be, all metrics together. One metric has a quarter of them at
    /// the most. Default: 10,000.
    pub fn series_max(mut self, sets: usize) -> Self {
        self.series_max = sets;
        self
    }

    /// Sets how many bytes may be written of all that was counted, as [Prometheus'
    /// text](crate::sink::prometheus); half of it is shared evenly by as many tenants as may be named.
    /// Default: 2 MiB.
    pub fn text_bytes_max(mut self, bytes: usize) -> Self {
        self.text_bytes_max = bytes;
        self
    }

    /// Sets how often it is decided anew who is named. Default: one minute.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Tells the facade's recorder as well what tenants' handles count, without the tenant. The recorder
    /// has to be installed before handles are made.
    pub fn forwarding(mut self) -> Self {
        self.forwards = true;
        self
    }

    /// Ready to count.
    pub fn build(self) -> Metrics {
        let environment = name::value(&self.environment);
        let room = Room::new(&environment, self.named_tenants, self.text_bytes_max);
        let mut registry = Registry::new(self.series_max, room);
        for (name, kind, points) in take::OWN {
            registry.reserve(name, kind, points);
        }
        let cells = registry.cells_max();
        let writer = self.writer.unwrap_or_else(default_writer);
        Metrics(Some(Arc::new(Inner {
            environment: environment.into(),
            writer: name::value(&writer).into(),
            began: Time::now(),
            tenants: Tenants::new(self.named_tenants, cells, self.window),
            facade: Facade::new(registry.sets_max()),
            registry: Mutex::new(registry),
            forwards: self.forwards,
            overflows: AtomicU64::new(0),
            refreshers: Refreshers::default(),
        })))
    }
}

fn default_writer() -> String {
    let machine = fs::read_to_string("/proc/sys/kernel/hostname");
    let machine = machine.unwrap_or_else(|_| uuid::Uuid::now_v7().to_string());
    format!("{}-{}", machine.trim(), std::process::id())
}
