use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Extensions, Method, Uri};
use tenancy_core::TenantScope;
use tower_layer::Layer;
use tracing::Span;

use super::observe::ObserveRequests;
use super::own_cost::{OwnCost, OwnCosts};
use super::service::Performance;
use crate::trace_context::TraceContext;

/// Measures requests.
///
/// See the [module docs](super) for an example. By default clients get all three headers as far as they
/// may, and nobody else hears of anything.
#[derive(Clone)]
#[must_use]
pub struct PerformanceLayer {
    pub(super) settings: Arc<Settings>,
}

/// What all requests have in common.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) in_flight: AtomicUsize,
    pub(super) own_costs: OwnCosts,
}

#[derive(Clone)]
pub(super) struct Settings {
    /// Here, so that a clone of the layer is a clone of one pointer.
    pub(super) counted: Arc<Counted>,
    pub(super) observers: Vec<Arc<dyn ObserveRequests>>,
    pub(super) response_time: bool,
    pub(super) memory_usage: bool,
    pub(super) timing: bool,
    /// Who sees what goes on inside.
    pub(super) show: ShowTiming,
    pub(super) route: Option<RouteOf>,
    pub(super) span: SpanOf,
}

type ShowTiming = Arc<dyn Fn(Option<&TenantScope>) -> bool + Send + Sync>;
type RouteOf = Arc<dyn Fn(&Begun<'_>) -> Option<Arc<str>> + Send + Sync>;
type SpanOf = Arc<dyn Fn(&Begun<'_>) -> Span + Send + Sync>;

/// A request that has just come in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Begun<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its address.
    pub uri: &'a Uri,
    /// What layers further out have put there.
    pub extensions: &'a Extensions,
    /// Its place in a trace.
    pub trace: &'a TraceContext,
}

impl PerformanceLayer {
    /// A layer with the defaults.
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings {
                counted: Arc::default(),
                observers: Vec::new(),
                response_time: true,
                memory_usage: true,
                timing: true,
                show: Arc::new(has_signed_in),
                route: None,
                span: Arc::new(span),
            }),
        }
    }

    /// Lets somebody hear of every request.
    pub fn observe(mut self, observer: impl ObserveRequests) -> Self {
        self.set().observers.push(Arc::new(observer));
        self
    }

    /// Whether answers have `X-Response-Time`. Default: yes.
    pub fn response_time(mut self, sent: bool) -> Self {
        self.set().response_time = sent;
        self
    }

    /// Whether answers have `X-Memory-Usage`, where memory is counted, for those who get
    /// [timings](Self::show_timing): what was asked for tells a stranger what exists. Default: yes.
    pub fn memory_usage(mut self, sent: bool) -> Self {
        self.set().memory_usage = sent;
        self
    }

    /// Who gets `Server-Timing` and `X-Memory-Usage`, by the scope that the request got, if any. Default: whoever has
    /// signed in with the tenant.
    pub fn show_timing(
        mut self,
        to: impl Fn(Option<&TenantScope>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let settings = self.set();
        settings.timing = true;
        settings.show = Arc::new(to);
        self
    }

    /// Leaves `Server-Timing` to inner services.
    pub fn without_timing(mut self) -> Self {
        self.set().timing = false;
        self
    }

    /// How a request's route is known, where neither axum nor an inner service says it: a template from
    /// a list that no client can make longer.
    pub fn route(
        mut self,
        of: impl Fn(&Begun<'_>) -> Option<Arc<str>> + Send + Sync + 'static,
    ) -> Self {
        self.set().route = Some(Arc::new(of));
        self
    }

    /// The span that a request is handled in. Default: `request` on level `info`, with its method and
    /// its place in a trace.
    pub fn span(mut self, of: impl Fn(&Begun<'_>) -> Span + Send + Sync + 'static) -> Self {
        self.set().span = Arc::new(of);
        self
    }

    /// How many requests are under way, until the last byte of their answers.
    pub fn in_flight(&self) -> usize {
        self.settings.counted.in_flight.load(Ordering::Relaxed)
    }

    /// What measuring has taken since the beginning, by the requests that were timed for it.
    pub fn own_cost(&self) -> OwnCost {
        self.settings.counted.own_costs.sum()
    }

    fn set(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl Default for PerformanceLayer {
    fn default() -> Self {
        Self::new()
    }
}

fn has_signed_in(scope: Option<&TenantScope>) -> bool {
    scope.is_some_and(|scope| !scope.actor().is_anonymous())
}

fn span(request: &Begun<'_>) -> Span {
    tracing::info_span!(
        "request",
        method = %request.method,
        trace_id = %request.trace.trace_id(),
        span_id = %request.trace.span_id(),
    )
}

impl<S> Layer<S> for PerformanceLayer {
    type Service = Performance<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Performance {
            inner,
            layer: self.clone(),
        }
    }
}

impl fmt::Debug for PerformanceLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerformanceLayer")
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
