use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;

use super::sketch::QUANTILE_ERROR;
use super::slice::{OPERATION, Slice};
use super::totals::Totals;
use super::window::Period;

/// What requests took. Times are in milliseconds, shares from 0 to 1. Where there is no data there is
/// `None` (in JSON `null`), and never a zero.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Report {
    /// The first moment that it is about. What is known by the hour is reported by the hour, so it may lie
    /// before the one that was asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub from: Time,
    /// The first moment after it, which likewise may lie after the one that was asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub to: Time,
    /// How many requests ended, in whatever way.
    pub requests: u64,
    /// How many of them were errors.
    pub errors: u64,
    /// How many were cancelled; they are no errors.
    pub cancelled: u64,
    /// Whether a tenant's requests may be missing: servers had more tenants at a time than they tell apart.
    pub incomplete: bool,
    /// How many requests were not told apart then, of all tenants together. They are among the platform's
    /// requests, and among those of no tenant.
    pub not_told_apart: u64,
    /// The mean time from a request to its answer's last byte.
    pub average_response_time: Option<f64>,
    /// How these times are spread.
    pub response_time: Option<ResponseTime>,
    /// What this time went into.
    pub time_split: Option<TimeSplit>,
    /// Errors among those that were not cancelled.
    pub error_rate: Option<f64>,
    /// What was done in the database.
    pub database_performance: Option<DatabasePerformance>,
    /// Of the values that caches were asked for, the share that they had.
    pub cache_hit_ratio: Option<f64>,
    /// What caches were asked for.
    pub cache_performance: Option<CachePerformance>,
    /// What requests asked for in memory.
    pub memory_usage: Option<MemoryUsage>,
    /// Endpoints by how much they take.
    pub slow_endpoints: Vec<EndpointReport>,
    /// Work of the application's own that is [measured](super::Recorder::measure), in the same order. It
    /// is part of no number above.
    pub operations: Vec<EndpointReport>,
    /// How far percentiles may be from the exact ones, as a share of them.
    pub quantile_error: f64,
}

/// How response times are spread. Percentiles are by the nearest rank, so of few values the high ones
/// are the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ResponseTime {
    /// The shortest.
    pub min: f64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// What 95 % do not exceed.
    pub p95: f64,
    /// What 99 % do not exceed.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// What time went into, as shares of all of it. Work and waiting are the whole; the time in the database and
/// in caches is among both, for the most part among the waiting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct TimeSplit {
    /// While it was worked on.
    pub cpu: f64,
    /// While it was not.
    pub wait: f64,
    /// While at least one statement was on its way; `None` where nobody knows.
    pub database: Option<f64>,
    /// While caches were waited for, loads left out; `None` where nobody knows.
    pub cache: Option<f64>,
}

/// What was done in the database, by requests that belong to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct DatabasePerformance {
    /// How many statements, opening and committing transactions among them.
    pub queries: u64,
    /// How many for each request.
    pub queries_per_request: f64,
    /// The mean time of one.
    pub average_query_time: Option<f64>,
    /// The time of all, added up.
    pub total_time: f64,
    /// For how much of each request's time at least one was on its way, on average.
    pub average_time_per_request: f64,
    /// The share of all requests' time in which at least one was.
    pub share: Option<f64>,
}

/// What caches were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct CachePerformance {
    /// Values that were there.
    pub hits: u64,
    /// Values that were not.
    pub misses: u64,
    /// How long requests waited for caches, loads left out.
    pub total_time: f64,
}

/// What requests asked for in memory, whatever they gave back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct MemoryUsage {
    /// For one request, on average.
    pub average_bytes: f64,
    /// The most for one request.
    pub max_bytes: u64,
}

/// What one endpoint's requests took, or one operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct EndpointReport {
    /// Method and route, or the operation's name.
    pub endpoint: String,
    /// How many ended.
    pub requests: u64,
    /// How many of them were errors.
    pub errors: u64,
    /// How many were cancelled.
    pub cancelled: u64,
    /// Errors among those that were not cancelled.
    pub error_rate: Option<f64>,
    /// The mean time.
    pub average_response_time: Option<f64>,
    /// How times are spread.
    pub response_time: Option<ResponseTime>,
    /// What the time went into.
    pub time_split: Option<TimeSplit>,
    /// What was done in the database.
    pub database_performance: Option<DatabasePerformance>,
    /// Of the values that caches were asked for, the share that they had.
    pub cache_hit_ratio: Option<f64>,
    /// What it asked for in memory.
    pub memory_usage: Option<MemoryUsage>,
    /// Its share of all endpoints' time.
    pub share: f64,
}

/// By what endpoints are ordered, the greatest first. Those that are equal are in the order of their
/// names.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndpointOrder {
    /// How many requests.
    Count,
    /// Their 95th percentile.
    P95,
    /// Their share of all time.
    #[default]
    Share,
}

/// Which endpoints a [`Report`] names.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct WhichEndpoints {
    order: EndpointOrder,
    count: usize,
    samples_min: u64,
}

impl Default for WhichEndpoints {
    fn default() -> Self {
        Self {
            order: EndpointOrder::default(),
            count: 10,
            samples_min: 5,
        }
    }
}

impl WhichEndpoints {
    /// By what they are ordered. Default: by their share of all time.
    pub fn order(mut self, order: EndpointOrder) -> Self {
        self.order = order;
        self
    }

    /// How many. Default: 10.
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// How many requests an endpoint needs to be among them, since fewer say little. Default: 5.
    pub fn samples_min(mut self, samples: u64) -> Self {
        self.samples_min = samples;
        self
    }
}

impl Report {
    pub(super) fn of(
        slice: &Slice,
        period: Period,
        not_told_apart: u64,
        which: WhichEndpoints,
    ) -> Self {
        let mut all = Totals::default();
        let requests = || slice.iter().filter(|(method, ..)| *method != OPERATION);
        for (_, _, totals) in requests() {
            all.merge(totals);
        }
        let time = |totals: &Totals| totals.times.sum() as f64;
        let operations = || slice.iter().filter(|(method, ..)| *method == OPERATION);
        let operations_time: f64 = operations().map(|(_, _, totals)| time(totals)).sum();
        let named = |(method, route, totals): (&str, &str, &Totals)| {
            EndpointReport::of(format!("{method} {route}"), totals, time(&all))
        };
        let operation = |(_, name, totals): (&str, &str, &Totals)| {
            EndpointReport::of(name.to_owned(), totals, operations_time)
        };
        Self {
            from: period.from(),
            to: period.to(),
            requests: all.times.count(),
            errors: all.errors,
            cancelled: all.cancelled,
            incomplete: not_told_apart > 0,
            not_told_apart,
            average_response_time: all.times.mean().map(nanoseconds),
            response_time: ResponseTime::of(&all),
            time_split: TimeSplit::of(&all),
            error_rate: error_rate(&all),
            database_performance: DatabasePerformance::of(&all),
            cache_hit_ratio: cache_hit_ratio(&all),
            cache_performance: CachePerformance::of(&all),
            memory_usage: MemoryUsage::of(&all),
            slow_endpoints: first(requests().map(named).collect(), which),
            operations: first(operations().map(operation).collect(), which.samples_min(0)),
            quantile_error: QUANTILE_ERROR,
        }
    }
}

/// Those that were asked for, in their order.
fn first(mut endpoints: Vec<EndpointReport>, which: WhichEndpoints) -> Vec<EndpointReport> {
    endpoints.retain(|endpoint| endpoint.requests >= which.samples_min);
    let weight = |endpoint: &EndpointReport| match which.order {
        EndpointOrder::Count => endpoint.requests as f64,
        EndpointOrder::P95 => endpoint.response_time.map_or(0.0, |times| times.p95),
        EndpointOrder::Share => endpoint.share,
    };
    endpoints.sort_by(|one, other| {
        let order = weight(other).total_cmp(&weight(one));
        order.then_with(|| one.endpoint.cmp(&other.endpoint))
    });
    endpoints.truncate(which.count);
    endpoints
}

impl EndpointReport {
    fn of(endpoint: String, totals: &Totals, time_of_all: f64) -> Self {
        Self {
            endpoint,
            requests: totals.times.count(),
            errors: totals.errors,
            cancelled: totals.cancelled,
            error_rate: error_rate(totals),
            average_response_time: totals.times.mean().map(nanoseconds),
            response_time: ResponseTime::of(totals),
            time_split: TimeSplit::of(totals),
            database_performance: DatabasePerformance::of(totals),
            cache_hit_ratio: cache_hit_ratio(totals),
            memory_usage: MemoryUsage::of(totals),
            share: ratio(totals.times.sum() as f64, time_of_all).unwrap_or_default(),
        }
    }
}

impl ResponseTime {
    pub(super) fn of(totals: &Totals) -> Option<Self> {
        let times = &totals.times;
        let quantile = |share| times.quantile(share).map(nanoseconds);
        Some(Self {
            min: nanoseconds(times.min() as f64),
            mean: nanoseconds(times.mean()?),
            p50: quantile(0.5)?,
            p95: quantile(0.95)?,
            p99: quantile(0.99)?,
            max: nanoseconds(times.max() as f64),
        })
    }
}

impl TimeSplit {
    fn of(totals: &Totals) -> Option<Self> {
        let all = nanoseconds(totals.times.sum() as f64);
        let share = |time: Duration| ratio(milliseconds(time), all);
        let cpu = share(totals.cpu)?.min(1.0);
        let known = |time| share(time).filter(|_| totals.with_scope > 0);
        Some(Self {
            cpu,
            wait: 1.0 - cpu,
            database: known(totals.database.wall_time),
            cache: known(totals.cache_time),
        })
    }
}

impl DatabasePerformance {
    fn of(totals: &Totals) -> Option<Self> {
        let (database, requests) = (&totals.database, totals.with_scope as f64);
        let time = milliseconds(database.time);
        let wall_time = milliseconds(database.wall_time);
        Some(Self {
            queries: database.calls,
            queries_per_request: ratio(database.calls as f64, requests)?,
            average_query_time: ratio(time, database.calls as f64),
            total_time: time,
            average_time_per_request: ratio(wall_time, requests)?,
            share: ratio(wall_time, nanoseconds(totals.times.sum() as f64)),
        })
    }
}

impl CachePerformance {
    fn of(totals: &Totals) -> Option<Self> {
        (totals.with_scope > 0).then(|| Self {
            hits: totals.cache_hits,
            misses: totals.cache_misses,
            total_time: milliseconds(totals.cache_time),
        })
    }
}

impl MemoryUsage {
    fn of(totals: &Totals) -> Option<Self> {
        Some(Self {
            average_bytes: ratio(totals.allocated_bytes as f64, totals.with_memory as f64)?,
            max_bytes: totals.allocated_bytes_max,
        })
    }
}

fn error_rate(totals: &Totals) -> Option<f64> {
    let ended = totals.times.count() - totals.cancelled.min(totals.times.count());
    ratio(totals.errors as f64, ended as f64)
}

fn cache_hit_ratio(totals: &Totals) -> Option<f64> {
    let (hits, misses) = (totals.cache_hits as f64, totals.cache_misses as f64);
    ratio(hits, hits + misses)
}

/// `None` of nothing.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn nanoseconds(nanoseconds: f64) -> f64 {
    nanoseconds / 1e6
}
