use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_core::meter::Meter;
use tenancy_core::time::Time;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter;
use tracing_subscriber::registry::LookupSpan;

use super::findings::{Findings, Gathered};
use super::listen::{self, Listener};
use super::{Caller, RepeatedQuery, SlowQuery};
use crate::layer::{FinishedRequest, ObserveRequests};
use crate::party::Party;

/// The slow statements of this process and the lines that repeat statements, in bounded memory.
///
/// Clones share what was found. See the [module docs](super) for an example.
#[derive(Clone, Debug)]
pub struct SlowQueries(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    threshold: Duration,
    repeats: u64,
    room: usize,
    found: Mutex<Found>, // std's: never held across an await
}

#[derive(Debug)]
struct Found {
    gathered: Gathered,
    /// What the log was not told yet.
    unsaid: Vec<SlowQuery>,
}

/// From when on something is found, and how much of it is kept.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SlowQueriesBuilder {
    threshold: Duration,
    repeats: u64,
    room: usize,
}

impl Default for SlowQueriesBuilder {
    fn default() -> Self {
        Self {
            threshold: Duration::from_millis(100),
            repeats: 20,
            room: 500,
        }
    }
}

impl SlowQueriesBuilder {
    /// How long a slow statement takes at least. Default: 100 milliseconds.
    pub fn threshold(mut self, threshold: Duration) -> Self {
        self.threshold = threshold;
        self
    }

    /// How many statements one line may send for a request without being found. Default: 20.
    pub fn repeats(mut self, repeats: u64) -> Self {
        self.repeats = repeats;
        self
    }

    /// How many statements of tenants are told apart, and how many lines. Default: 500, in about
    /// 1 MB at most. Of more, those that cost the least are forgotten and counted.
    pub fn room(mut self, room: usize) -> Self {
        self.room = room;
        self
    }

    /// Begins with nothing found.
    pub fn build(self) -> SlowQueries {
        SlowQueries(Arc::new(Inner {
            threshold: self.threshold,
            repeats: self.repeats,
            room: self.room,
            found: Mutex::new(Found {
                gathered: Gathered::new(self.room),
                unsaid: Vec::new(),
            }),
        }))
    }
}

impl Default for SlowQueries {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl SlowQueries {
    /// Limits to choose.
    pub fn builder() -> SlowQueriesBuilder {
        SlowQueriesBuilder::default()
    }

    /// What hears sqlx, for the process' one subscriber.
    ///
    /// It wants sqlx' events, the spans of core's statements, and spans with a field `request_id`; other
    /// layers are not made to hear anything. A statement costs one span more, well under a microsecond.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let wanted = filter::filter_fn(listen::is_wanted);
        Listener::new(self.clone()).with_filter(wanted)
    }

    /// Looks, at the end of a job, whether a line of the program sent one statement after the
    /// other for it. `operation` names what was done. Of requests it hears through
    /// [`PerformanceLayer::observe`](crate::layer::PerformanceLayer::observe).
    pub fn job_ended(&self, tenant_id: Option<TenantId>, operation: &str, meter: &Meter) {
        let last_at = Time::now();
        for site in meter.repeated_calls(self.0.repeats.saturating_add(1)) {
            let caller = Caller {
                file: site.location.file().into(),
                line: site.location.line(),
            };
            self.found().gathered.repeated.add(RepeatedQuery {
                caller,
                operation: operation.into(),
                tenant_id,
                requests: 1,
                most: site.calls,
                last_at,
            });
        }
    }

    /// All that was found since the start, or since [`take`](Self::take).
    pub fn findings(&self) -> Findings {
        self.found().gathered.findings()
    }

    /// The same, and begins anew.
    pub fn take(&self) -> Findings {
        let mut found = self.found();
        let begun = Gathered::new(self.0.room);
        std::mem::replace(&mut found.gathered, begun).findings()
    }

    /// Counts findings that were taken and could not be written.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn put_back(&self, findings: Findings) {
        self.found().gathered.add(findings);
    }

    /// What is worth a line in the log, each once: a statement's first slow call, the tenth, the
    /// hundredth and so on. So ten thousand slow calls are five lines, and each says how many it stands for.
    pub fn news(&self) -> Vec<SlowQuery> {
        std::mem::take(&mut self.found().unsaid)
    }

    pub(super) fn is_slow(&self, took: Duration) -> bool {
        took >= self.0.threshold
    }

    pub(super) fn count(&self, call: SlowQuery) {
        let mut found = self.found();
        let Found { gathered, unsaid } = &mut *found;
        let known = gathered.slow.add(call);
        let tens = known.calls.checked_ilog10().unwrap_or_default();
        if known.calls == 10_u64.pow(tens) && unsaid.len() < self.0.room {
            unsaid.push(known.clone());
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        // Whatever panicked here has counted one call too few.
        self.0.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at each request's statements when it is over.
impl ObserveRequests for SlowQueries {
    fn finished(&self, request: &FinishedRequest<'_>) {
        let Some(meter) = request.meter else { return };
        let tenant_id = match request.party {
            Party::Tenant(tenant) => Some(tenant.id),
            Party::Platform | Party::Unknown => None,
        };
        self.job_ended(tenant_id, request.route, meter);
    }
}
