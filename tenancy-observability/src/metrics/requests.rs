use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use http::StatusCode;
use metrics::{Counter, Gauge, counter, gauge, with_local_recorder};

use super::{Metrics, TenantCounter, TenantHistogram};
use crate::layer::{FinishedRequest, OTHER_METHOD, ObserveRequests, Outcome, OwnCost, nanoseconds};

const REQUESTS: &str = "tenancy_http_requests_total";
const DURATION: &str = "tenancy_http_request_duration_seconds";
const ROUTE_DURATION: &str = "tenancy_http_route_duration_seconds";
const IN_FLIGHT: &str = "tenancy_http_requests_in_flight";
const TIMED: &str = "tenancy_timed_requests_total";
const TIMED_TIME: &str = "tenancy_timed_nanoseconds_total";
const TIMED_BYTES: &str = "tenancy_timed_bytes_total";

/// Of how many routes each method and status is told.
const ROUTES_MAX: usize = 1000;

/// What further routes are called.
const OVERFLOW: &str = "overflow";

/// Counts the requests that a [`PerformanceLayer`](crate::layer::PerformanceLayer) observes.
///
/// - `tenancy_http_requests_total`, by `method`, `route`, `status` and tenant. The status of a request that
///   was cancelled before its answer is `cancelled`, of one that failed or panicked `failed`. A method that
///   a route was never seen to have, for all of its requests were refused or given up, is `_OTHER`.
/// - `tenancy_http_request_duration_seconds`, by tenant, and `tenancy_http_route_duration_seconds`, by
///   `method` and `route`, until the last byte. Of both at once would be a histogram for each tenant and
///   route.
/// - `tenancy_http_requests_in_flight`: those that are not over.
/// - `tenancy_timed_nanoseconds_total`: what the processor did for one request in 256, which are
///   `tenancy_timed_requests_total`, with `spent` either on the request's `work` or on `measuring` it; and
///   likewise `tenancy_timed_bytes_total`, what was asked for of memory.
///
/// ```
/// use tenancy_observability::layer::PerformanceLayer;
/// use tenancy_observability::metrics::{Metrics, RequestMetrics};
///
/// let metrics = Metrics::builder("production").build();
/// let layer = PerformanceLayer::new().observe(RequestMetrics::new(&metrics));
/// ```
#[derive(Clone, Debug)]
pub struct RequestMetrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    metrics: Metrics,
    in_flight: Gauge,
    own_cost: OwnCostCounters,
    durations: TenantHistogram,
    routes: ArcSwap<HashMap<Box<str>, Route, RandomState>>,
    adding: Mutex<()>, // std's: held by whoever makes a table
}

/// What measuring takes.
#[derive(Debug)]
struct OwnCostCounters {
    requests: Counter,
    measuring: Counter,
    work: Counter,
    measuring_bytes: Counter,
    work_bytes: Counter,
}

/// The handles of one route: a few, which are looked through faster than found by a hash.
#[derive(Clone, Debug, Default)]
struct Route {
    methods: Vec<(&'static str, metrics::Histogram)>,
    endings: Vec<(&'static str, Option<StatusCode>, Outcome, TenantCounter)>,
}

impl RequestMetrics {
    /// Counts in this registry.
    pub fn new(metrics: &Metrics) -> Self {
        let help = "Requests that are not over.";
        metrics.describe(IN_FLIGHT, help);
        let help = "Time until the last byte of the answer, without the client's own.";
        metrics.describe(ROUTE_DURATION, help);
        Self(Arc::new(Inner {
            in_flight: with_local_recorder(metrics, || gauge!(IN_FLIGHT)),
            own_cost: OwnCostCounters::new(metrics),
            durations: metrics.tenant_histogram(DURATION, help, &[]),
            metrics: metrics.clone(),
            routes: ArcSwap::default(),
            adding: Mutex::new(()),
        }))
    }
}

impl ObserveRequests for RequestMetrics {
    fn began(&self) {
        self.0.in_flight.increment(1.0);
    }

    fn finished(&self, request: &FinishedRequest<'_>) {
        self.0.in_flight.decrement(1.0);
        self.0.durations.record(request.party, request.spent.total);
        if self.0.count(request.route, request) {
            return;
        }
        let route = self.0.add(request);
        self.0.count(route, request);
    }

    fn timed(&self, cost: &OwnCost) {
        let counters = &self.0.own_cost;
        counters.requests.increment(cost.requests);
        counters.measuring.increment(nanoseconds(cost.measuring));
        counters.work.increment(nanoseconds(cost.work));
        counters.measuring_bytes.increment(cost.measuring_bytes);
        counters.work_bytes.increment(cost.work_bytes);
    }
}

impl OwnCostCounters {
    fn new(metrics: &Metrics) -> Self {
        metrics.describe(
            TIMED,
            "Requests of which it was timed what measuring takes.",
        );
        metrics.describe(TIMED_TIME, "What the processor did for them.");
        metrics.describe(TIMED_BYTES, "Memory that was asked for by them.");
        with_local_recorder(metrics, || Self {
            requests: counter!(TIMED),
            measuring: counter!(TIMED_TIME, "spent" => "measuring"),
            work: counter!(TIMED_TIME, "spent" => "work"),
            measuring_bytes: counter!(TIMED_BYTES, "spent" => "measuring"),
            work_bytes: counter!(TIMED_BYTES, "spent" => "work"),
        })
    }
}

impl Inner {
    /// Whether there were handles for it.
    fn count(&self, route: &str, request: &FinishedRequest<'_>) -> bool {
        let routes = self.routes.load();
        let found = routes.get(route).and_then(|route| route.find(request));
        if let Some((duration, counter)) = found {
            duration.record(request.spent.total);
            counter.increment(request.party, 1);
        }
        found.is_some()
    }

    /// Makes handles for a request; gives the route they are under.
    fn add<'a>(&self, request: &FinishedRequest<'a>) -> &'a str {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let mut routes = self.routes.load().as_ref().clone();
        let has_room = routes.len() < ROUTES_MAX || routes.contains_key(request.route);
        let name = if has_room { request.route } else { OVERFLOW };
        let route = routes.entry(name.into()).or_default();
        if route.find(request).is_none() {
            route.add(&self.metrics, name, request);
            self.routes.store(Arc::new(routes));
        }
        name
    }
}

impl Route {
    fn find(&self, request: &FinishedRequest<'_>) -> Option<(&metrics::Histogram, &TenantCounter)> {
        let told = self.method(request);
        let (_, duration) = self.methods.iter().find(|(method, _)| *method == told)?;
        let mut endings = self.endings.iter();
        let (.., counter) = endings.find(|(method, status, outcome, _)| {
            (*method, *status, *outcome) == (told, request.status, request.outcome)
        })?;
        Some((duration, counter))
    }

    /// The request's method, if the route is seen to have it: anybody can ask for any.
    fn method(&self, request: &FinishedRequest<'_>) -> &'static str {
        let says_nothing = match request.status {
            Some(status) => status.is_client_error(),
            None => request.outcome == Outcome::Cancelled,
        };
        let is_known = || {
            self.methods
                .iter()
                .any(|(known, _)| *known == request.method)
        };
        match says_nothing && !is_known() {
            true => OTHER_METHOD,
            false => request.method,
        }
    }

    fn add(&mut self, metrics: &Metrics, name: &str, request: &FinishedRequest<'_>) {
        let FinishedRequest {
            status, outcome, ..
        } = *request;
        let method = self.method(request);
        if self.methods.iter().all(|(known, _)| *known != method) {
            let duration = with_local_recorder(
                metrics,
                || metrics::histogram!(ROUTE_DURATION, "method" => method, "route" => name.to_owned()),
            );
            self.methods.push((method, duration));
        }
        let said = match (outcome, status) {
            (Outcome::Answered, Some(status)) => status.as_str().to_owned(),
            (Outcome::Cancelled, _) => "cancelled".to_owned(),
            (Outcome::Answered | Outcome::Failed | Outcome::Panicked, _) => "failed".to_owned(),
        };
        let labels = [("method", method), ("route", name), ("status", &*said)];
        let counter = metrics.tenant_counter(REQUESTS, "Requests that are over.", &labels);
        self.endings.push((method, status, outcome, counter));
    }
}
