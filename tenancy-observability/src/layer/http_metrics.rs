use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use foldhash::fast::RandomState;
use http::StatusCode;

use super::finished::{FinishedRequest, Outcome};
use super::observe::ObserveRequests;
use crate::metrics::{Held, Metrics, TenantCounter, TenantGauge, TenantHistogram};
use crate::party::Party;

/// How many combinations of method, route and status are told apart; what else there is has the route
/// `__other__`.
const SERIES_MAX: usize = 4096;

const OTHER: &str = "__other__";

/// Counts requests in [`Metrics`], for each tenant.
///
/// - `tenancy_http_requests_total` with `method`, `route` and `status`: an answer's status, or
///   `cancelled`, `failed` or `panicked`;
/// - `tenancy_http_request_duration_seconds` with `method` and `route`, to the last byte;
/// - `tenancy_http_requests_in_flight`, for the platform, since a request's tenant is not known when it
///   begins.
#[derive(Clone)]
pub struct HttpMetrics(Arc<Inner>);

struct Inner {
    metrics: Metrics,
    in_flight: TenantGauge,
    /// One for each request under way; which is whose does not matter.
    held: Mutex<Vec<Held>>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    by_route: HashMap<Box<str>, Vec<Series>, RandomState>,
    count: usize,
}

#[derive(Clone)]
struct Series {
    method: &'static str,
    end: End,
    requests: TenantCounter,
    durations: TenantHistogram,
}

/// How a request ended, as its label says it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum End {
    Status(StatusCode),
    Without(&'static str),
}

impl HttpMetrics {
    /// Counts there.
    pub fn new(metrics: &Metrics) -> Self {
        let help = "Requests under way, until the last byte of their answers.";
        Self(Arc::new(Inner {
            in_flight: metrics.tenant_gauge("tenancy_http_requests_in_flight", help, &[]),
            held: Mutex::default(),
            known: RwLock::default(),
            metrics: metrics.clone(),
        }))
    }
}

impl Inner {
    fn count(&self, request: &FinishedRequest<'_>) {
        let (method, end) = (request.method, End::of(request));
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.find(method, request.route, end) {
            return series.count(request);
        }
        let is_full = known.count >= SERIES_MAX;
        drop(known);
        let route = if is_full { OTHER } else { request.route };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.find(method, route, end).is_none() {
            let series = self.series(method, route, end);
            known.by_route.entry(route.into()).or_default().push(series);
            known.count += 1;
        }
        if let Some(series) = known.find(method, route, end) {
            series.count(request);
        }
    }

    fn series(&self, method: &'static str, route: &str, end: End) -> Series {
        let status = match &end {
            End::Status(status) => status.as_str(),
            End::Without(word) => word,
        };
        let labels = [("method", method), ("route", route), ("status", status)];
        Series {
            method,
            end,
            requests: self.metrics.tenant_counter(
                "tenancy_http_requests_total",
                "Requests that have ended.",
                &labels,
            ),
            durations: self.metrics.tenant_histogram(
                "tenancy_http_request_duration_seconds",
                "How long requests took, to the last byte of their answers.",
                &labels[..2],
            ),
        }
    }
}

impl Known {
    fn find(&self, method: &str, route: &str, end: End) -> Option<&Series> {
        let all = self.by_route.get(route)?.iter();
        let mut all = all.filter(|series| series.method == method && series.end == end);
        all.next()
    }
}

impl Series {
    fn count(&self, request: &FinishedRequest<'_>) {
        self.requests.increment(request.party, 1);
        self.durations.record(request.party, request.spent.total);
    }
}

impl End {
    fn of(request: &FinishedRequest<'_>) -> Self {
        match (request.outcome, request.status) {
            (Outcome::Answered, Some(status)) => Self::Status(status),
            (Outcome::Answered, None) | (Outcome::Failed, _) => Self::Without("failed"),
            (Outcome::Cancelled, _) => Self::Without("cancelled"),
            (Outcome::Panicked, _) => Self::Without("panicked"),
        }
    }
}

impl ObserveRequests for HttpMetrics {
    fn began(&self) {
        let held = self.0.in_flight.hold(Party::Platform);
        // A vector of guards is whole whenever it can be seen.
        let mut all = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(held);
    }

    fn finished(&self, request: &FinishedRequest<'_>) {
        let mut all = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = all.pop();
        drop(all);
        drop(ended);
        self.0.count(request);
    }
}

impl fmt::Debug for HttpMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetrics").finish_non_exhaustive()
    }
}
