use std::mem;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, Entry, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use tenancy_core::TenantScope;
use tenancy_core::layer::{Refusal, RequestId, RequestSlot};
use tenancy_core::meter::DatabaseUse;
use tenancy_core::time::Time;
use tokio::time::Instant;
use tracing::Span;

use super::finished::{FinishedRequest, OTHER_METHOD, Outcome, Spent, method_name};
use super::observe::shielded;
use super::own_cost::{Mark, OwnCost};
use super::performance_layer::{Begun, PerformanceLayer};
use super::route::Route;
use crate::memory::{self, Tally};
use crate::party::Party;
use crate::trace_context::TraceContext;

const X_RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");
const X_MEMORY_USAGE: HeaderName = HeaderName::from_static("x-memory-usage");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The longest `Server-Timing`, with what inner services say.
const TIMING_BYTES_MAX: usize = 1024;

/// What a header says, with room for all that is measured here.
struct Text {
    bytes: [u8; 256],
    length: usize,
}

/// Watches over one request until it is over, which is when it is dropped.
pub(super) struct Watch {
    layer: PerformanceLayer,
    began: Instant,
    /// When it was last worked on. What follows at once needs no other look at the clock.
    worked_until: Instant,
    /// Whether nothing was worked on yet.
    is_fresh: bool,
    method: Method,
    route: Route,
    trace: TraceContext,
    request_id: Option<RequestId>,
    slot: RequestSlot,
    span: Span,
    cpu: Duration,
    memory: Tally,
    first_byte: Option<Duration>,
    status: Option<StatusCode>,
    was_refused: bool,
    is_event_stream: bool,
    /// What is left of a body whose length was told.
    left_bytes: Option<u64>,
    /// Since when the client has had what was there of its answer.
    handed_at: Option<Instant>,
    /// For how long it had, each time before it wanted more.
    taking: Duration,
    outcome: Option<Outcome>,
    /// What watching takes, where that is timed.
    own_cost: Option<OwnCost>,
}

impl Watch {
    pub(super) fn begin<B>(layer: &PerformanceLayer, request: &mut Request<B>) -> Box<Self> {
        let mark = Mark::now();
        let trace = TraceContext::of_request(request.headers());
        let settings = &layer.settings;
        let begun = Begun {
            method: request.method(),
            uri: request.uri(),
            extensions: request.extensions(),
            trace: &trace,
        };
        let span = (settings.span)(&begun);
        let named = settings.route.as_ref().and_then(|route| route(&begun));
        let method = request.method().clone();
        let extensions = request.extensions_mut();
        extensions.insert(trace.clone());
        settings.counted.in_flight.fetch_add(1, Ordering::Relaxed);
        for observer in &settings.observers {
            shielded(|| observer.began());
        }
        let mut watch = Box::new(Self {
            layer: layer.clone(),
            began: mark.at,
            worked_until: mark.at,
            is_fresh: true,
            method,
            route: named.map_or_else(|| Route::of(extensions), Route::Named),
            own_cost: trace.span_id().is_one_in_256().then(OwnCost::default),
            trace,
            request_id: extensions.get::<RequestId>().cloned(),
            slot: extensions.get_or_insert_default::<RequestSlot>().clone(),
            span,
            cpu: Duration::ZERO,
            memory: Tally::default(),
            first_byte: None,
            status: None,
            was_refused: false,
            is_event_stream: false,
            left_bytes: None,
            handed_at: None,
            taking: Duration::ZERO,
            outcome: None,
        });
        if let Some(cost) = &mut watch.own_cost {
            cost.add_since(mark);
        }
        watch
    }

    /// Does some of the request's work, on its account.
    pub(super) fn working<T>(&mut self, work: impl FnOnce() -> T) -> T {
        // Taken, so that a request that panics is none of those that were timed.
        let Some(mut cost) = self.own_cost.take() else {
            return self.count(work);
        };
        let done = cost.time(|cost| self.count(|| cost.time_work(work)));
        self.own_cost = Some(cost);
        done
    }

    fn count<T>(&mut self, work: impl FnOnce() -> T) -> T {
        // The first work follows at once.
        let began = match mem::take(&mut self.is_fresh) {
            true => self.began,
            false => Instant::now(),
        };
        let before = memory::allocated();
        if let Some(handed_at) = self.handed_at.take() {
            self.taking += began.duration_since(handed_at);
        }
        let done = self.trace.working(|| match self.span.is_none() {
            true => work(),
            false => self.span.in_scope(work),
        });
        self.memory.add_since(before);
        self.worked_until = Instant::now();
        self.cpu += self.worked_until - began;
        done
    }

    /// Leaves it to the client when it wants more of its answer. Called right after its work.
    pub(super) fn handed(&mut self, bytes: usize) {
        if let Some(left) = &mut self.left_bytes {
            *left = left.saturating_sub(bytes as u64);
        }
        self.handed_at = Some(self.worked_until);
    }

    /// Tells the client what is known when its answer's head is there. Called right after its work.
    pub(super) fn answered<B>(&mut self, response: &mut Response<B>) {
        let Some(mut cost) = self.own_cost.take() else {
            return self.tell_client(response);
        };
        cost.time(|_| self.tell_client(response));
        self.own_cost = Some(cost);
    }

    fn tell_client<B>(&mut self, response: &mut Response<B>) {
        let first_byte = self.worked_until - self.began;
        self.first_byte = Some(first_byte);
        self.status = Some(response.status());
        self.was_refused = response.extensions().get::<Refusal>().is_some();
        let headers = response.headers_mut();
        self.is_event_stream = headers
            .get(CONTENT_TYPE)
            .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/event-stream"));
        self.left_bytes = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        let settings = &self.layer.settings;
        if settings.response_time {
            let mut text = Text::new();
            text.push_milliseconds(first_byte);
            text.push(b"ms");
            set(X_RESPONSE_TIME, text.as_bytes(), headers);
        }
        let is_shown = (settings.show)(self.slot.scope());
        if settings.memory_usage
            && is_shown
            && let Some(bytes) = self.memory.bytes()
        {
            set(
                X_MEMORY_USAGE,
                itoa::Buffer::new().format(bytes).as_bytes(),
                headers,
            );
        }
        if settings.timing && is_shown {
            self.say_timing(first_byte, headers);
        } else if settings.timing {
            headers.remove(SERVER_TIMING);
        }
    }

    fn say_timing(&self, elapsed: Duration, headers: &mut HeaderMap) {
        let spent = self.spent(elapsed);
        let parts = [
            (
                ", db;dur=",
                spent.database.map(|database| database.wall_time),
            ),
            (", cache;dur=", spent.cache_time),
            (", cpu;dur=", Some(spent.cpu)),
            (", wait;dur=", Some(spent.wait())),
            (
                ", client;dur=",
                Some(spent.client).filter(|time| !time.is_zero()),
            ),
        ];
        let mut text = Text::new();
        for (name, time) in parts {
            if let Some(time) = time {
                text.push(name.as_bytes());
                text.push_milliseconds(time);
            }
        }
        let text = text.as_bytes();
        let text = text.strip_prefix(b", ".as_slice()).unwrap_or(text);
        let Ok(value) = HeaderValue::from_bytes(text) else {
            return;
        };
        match headers.entry(SERVER_TIMING) {
            Entry::Vacant(vacant) => drop(vacant.insert(value)),
            Entry::Occupied(mut others) => {
                let length: usize = others.iter().map(|value| value.len() + 2).sum();
                if length + text.len() <= TIMING_BYTES_MAX {
                    others.append(value);
                }
            }
        }
    }

    /// Whether the answer has a body that a server will ask for.
    pub(super) fn awaits_body(&self) -> bool {
        let has_none = |status: StatusCode| {
            status.is_informational()
                || status == StatusCode::NO_CONTENT
                || status == StatusCode::NOT_MODIFIED
        };
        self.method != Method::HEAD && !self.status.is_some_and(has_none)
    }

    /// Ends it. Called right after its work.
    pub(super) fn finish(mut self: Box<Self>, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    fn spent(&self, elapsed: Duration) -> Spent {
        let meter = self.slot.scope().map(TenantScope::meter);
        let client = (self.slot.client_time() + self.taking).min(elapsed);
        let total = elapsed - client;
        Spent {
            first_byte: self.first_byte,
            total,
            client,
            cpu: self.cpu,
            database: meter.map(|meter| {
                let database = meter.database();
                let wall_time = database.wall_time.min(total);
                DatabaseUse {
                    wall_time,
                    ..database
                }
            }),
            cache_lookups: meter.map(|meter| meter.cache_lookups()),
            cache_time: meter.map(|meter| meter.cache_time()),
            allocated_bytes: self.memory.bytes(),
        }
    }

    /// Tells of the request, which is over.
    fn tell_observers(&mut self) {
        let ended = match self.outcome {
            Some(_) => self.worked_until,
            None => Instant::now(),
        };
        if let Some(handed_at) = self.handed_at {
            self.taking += ended - handed_at;
        }
        let mut elapsed = ended - self.began;
        if self.is_event_stream {
            // An event comes when something happens, and nobody is slow until then.
            elapsed = self.first_byte.unwrap_or(elapsed);
            self.taking = Duration::ZERO;
        }
        let spent = self.spent(elapsed);
        let tenant = self.slot.scope().map(TenantScope::tenant);
        let party = match &tenant {
            Some(tenant) => Party::Tenant(tenant),
            None if self.was_refused => Party::Unknown,
            None => Party::Platform,
        };
        let request_id = self.request_id.as_ref().map(RequestId::as_str);
        let of_scope = || self.slot.scope().and_then(TenantScope::request_id);
        let request = FinishedRequest {
            party,
            // What a route does not have is no endpoint of its own.
            method: match self.status {
                Some(StatusCode::METHOD_NOT_ALLOWED) => OTHER_METHOD,
                _ => method_name(&self.method),
            },
            route: self.route.template(),
            outcome: self.outcome.unwrap_or_else(|| self.left_as()),
            status: self.status,
            began: self.began.into_std(),
            at: Time::now(),
            spent,
            meter: self.slot.scope().map(TenantScope::meter),
            trace: &self.trace,
            request_id: request_id.or_else(of_scope),
        };
        let settings = &self.layer.settings;
        settings.counted.in_flight.fetch_sub(1, Ordering::Relaxed);
        for observer in &settings.observers {
            shielded(|| observer.finished(&request));
        }
    }

    /// How a request ended that nobody says anything more of.
    fn left_as(&self) -> Outcome {
        if std::thread::panicking() {
            Outcome::Panicked
        } else if self.first_byte.is_some() && (self.left_bytes == Some(0) || self.is_event_stream)
        {
            // All was sent that was announced, and so the server did not ask for the end. A stream of events
            // has no other end than that its client goes.
            Outcome::Answered
        } else {
            Outcome::Cancelled
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(mut cost) = self.own_cost.take() else {
            return self.tell_observers();
        };
        cost.requests = 1;
        cost.time(|_| self.tell_observers());
        let settings = &self.layer.settings;
        settings.counted.own_costs.add(&cost);
        for observer in &settings.observers {
            shielded(|| observer.timed(&cost));
        }
    }
}

impl Text {
    fn new() -> Self {
        Self {
            bytes: [0; 256],
            length: 0,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Adds this, unless there is no room for it.
    fn push(&mut self, more: &[u8]) {
        let end = self.length + more.len();
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(more);
            self.length = end;
        }
    }

    /// Adds a time in milliseconds with three decimals, in a fraction of what formatting takes.
    fn push_milliseconds(&mut self, time: Duration) {
        let whole = time
            .as_secs()
            .saturating_mul(1000)
            .saturating_add(u64::from(time.subsec_millis()));
        let rest = time.subsec_micros() % 1000;
        self.push(itoa::Buffer::new().format(whole).as_bytes());
        let [hundreds, tens, ones] =
            [rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8);
        self.push(&[b'.', hundreds, tens, ones]);
    }
}

fn set(name: HeaderName, text: &[u8], headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_bytes(text) {
        headers.insert(name, value);
    }
}
