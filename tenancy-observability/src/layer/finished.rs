use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use serde::{Serialize, Serializer};
use tenancy_core::meter::{CacheLookups, DatabaseUse, Meter};
use tenancy_core::time::Time;

use crate::party::Party;
use crate::trace_context::TraceContext;

/// A request that is over, as its [observers](super::ObserveRequests) hear of it.
#[derive(Clone, Copy, Debug)]
pub struct FinishedRequest<'a> {
    /// Whose it was.
    pub party: Party<'a>,
    /// Its method, `_OTHER` where it is none of HTTP's own or the route does not have it.
    pub method: &'static str,
    /// Its route's template, or [`UNMATCHED`](super::UNMATCHED).
    pub route: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// The answer's status, if there was an answer before it ended.
    pub status: Option<StatusCode>,
    /// When it began, by the clock that never goes back.
    pub began: Instant,
    /// When it ended.
    pub at: Time,
    /// What it took.
    pub spent: Spent,
    /// What its scope's work was counted on.
    pub meter: Option<&'a Meter>,
    /// Its place in a trace.
    pub trace: &'a TraceContext,
    /// Its id, if it had one.
    pub request_id: Option<&'a str>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole answer was handed over.
    Answered,
    /// Nobody waited for the end: the client went away, or time was up.
    Cancelled,
    /// The service or the answer's body ended with an error.
    Failed,
    /// Its handling panicked.
    Panicked,
}

/// What a request took. What nobody counted is `None` and not nothing. In JSON times are in
/// milliseconds.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Spent {
    /// Until the head of the answer was there, by the clock.
    pub first_byte: Option<Duration>,
    /// Until the end, without the [client](Self::client)'s own time.
    pub total: Duration,
    /// While it waited for the client to take more of the answer, or to send more of a
    /// [`ReceivedBody`](super::ReceivedBody).
    pub client: Duration,
    /// While it was worked on, as opposed to waiting.
    pub cpu: Duration,
    /// In the database, by its scope's work. Work without a scope is not counted.
    pub database: Option<DatabaseUse>,
    /// What its scope's work asked caches for.
    pub cache_lookups: Option<CacheLookups>,
    /// While it waited for caches.
    pub cache_time: Option<Duration>,
    /// Memory that was asked for, where the program [counts](crate::memory) that.
    pub allocated_bytes: Option<u64>,
}

impl Spent {
    /// While it was not worked on, and not the client was waited for.
    pub fn wait(&self) -> Duration {
        self.total.saturating_sub(self.cpu)
    }
}

impl Serialize for Spent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written {
            first_byte: Option<f64>,
            total: f64,
            client: f64,
            cpu: f64,
            wait: f64,
            database: Option<f64>,
            queries: Option<u64>,
            cache: Option<f64>,
            cache_lookups: Option<CacheLookups>,
            allocated_bytes: Option<u64>,
        }

        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let written = Written {
            first_byte: self.first_byte.map(milliseconds),
            total: milliseconds(self.total),
            client: milliseconds(self.client),
            cpu: milliseconds(self.cpu),
            wait: milliseconds(self.wait()),
            database: self
                .database
                .map(|database| milliseconds(database.wall_time)),
            queries: self.database.map(|database| database.calls),
            cache: self.cache_time.map(milliseconds),
            cache_lookups: self.cache_lookups,
            allocated_bytes: self.allocated_bytes,
        };
        written.serialize(serializer)
    }
}

/// Stands for methods that are none of HTTP's own, or that a route does not have.
pub(crate) const OTHER_METHOD: &str = "_OTHER";

/// A method's name, from a list that no client can make longer.
pub(super) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::CONNECT => "CONNECT",
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::TRACE => "TRACE",
        _ => OTHER_METHOD,
    }
}
