use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;
use http::StatusCode;
use metrics::{Gauge, gauge, with_local_recorder};

use super::{Metrics, TenantCounter, TenantHistogram};
use crate::layer::{FinishedRequest, ObserveRequests, Outcome};

const REQUESTS: &str = "tenancy_http_requests_total";
const DURATION: &str = "tenancy_http_request_duration_seconds";
const ROUTE_DURATION: &str = "tenancy_http_route_duration_seconds";
const IN_FLIGHT: &str = "tenancy_http_requests_in_flight";

/// Of how many routes each method and status is told.
const ROUTES_MAX: usize = 1000;

/// What further routes are called.
const OVERFLOW: &str = "overflow";

/// Counts the requests that a [`PerformanceLayer`](crate::layer::PerformanceLayer) observes.
///
/// - `tenancy_http_requests_total`, by `method`, `route`, `status` and tenant. The status of a request that
///   was cancelled before its answer is `cancelled`, of one that failed or panicked `failed`.
/// - `tenancy_http_request_duration_seconds`, by tenant, and `tenancy_http_route_duration_seconds`, by
///   `method` and `route`, until the last byte. Of both at once would be a histogram for each tenant and
///   route.
/// - `tenancy_http_requests_in_flight`: those that are not over.
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
    durations: TenantHistogram,
    routes: ArcSwap<HashMap<Box<str>, Route, RandomState>>,
    adding: Mutex<()>, // std's: held by whoever makes a table
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
        let (_, duration) = self
            .methods
            .iter()
            .find(|(method, _)| *method == request.method)?;
        let mut endings = self.endings.iter();
        let (.., counter) = endings.find(|(method, status, outcome, _)| {
            (*method, *status, *outcome) == (request.method, request.status, request.outcome)
        })?;
        Some((duration, counter))
    }

    fn add(&mut self, metrics: &Metrics, name: &str, request: &FinishedRequest<'_>) {
        let FinishedRequest {
            method,
            status,
            outcome,
            ..
        } = *request;
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
