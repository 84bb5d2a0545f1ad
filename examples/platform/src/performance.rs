//! What requests take: told to clients in headers, and to shops and operators in reports.

use std::sync::OnceLock;

use tenancy_core::PlatformScope;
use tenancy_core::sql::Database;
use tenancy_observability::layer::{Begun, PerformanceLayer, SlowRequests};
use tenancy_observability::metrics::{Metrics, RequestMetrics};
use tenancy_observability::outgoing::SlowOutgoing;
use tenancy_observability::report::{Recorder, Reports};
use tenancy_observability::slow_query::SlowQueries;
use tokio::sync::watch;
use tracing::Span;
use tracing::field::display;

use crate::config;

/// Which other servers were slow. The log's layers call some of them, and there is one log in a process.
static OUTGOING: OnceLock<SlowOutgoing> = OnceLock::new();

/// What hears of calls of other servers, from now on.
pub(crate) fn outgoing(wanted: &config::Performance) -> &'static SlowOutgoing {
    OUTGOING.get_or_init(|| SlowOutgoing::new(wanted.slow()))
}

/// What measures requests, and what is known of them.
#[derive(Clone, Debug)]
pub(crate) struct Performance {
    layer: Option<PerformanceLayer>,
    recorder: Recorder,
    reports: Reports,
    slow_requests: SlowRequests,
    outgoing: SlowOutgoing,
}

impl Performance {
    pub(crate) fn new(
        wanted: &config::Performance,
        database: &Database,
        scope: &PlatformScope,
        metrics: &Metrics,
        statements: &SlowQueries,
    ) -> Self {
        let errors = wanted.error_statuses.clone();
        let recorder = Recorder::builder()
            .errors(move |status| {
                let code = u64::from(status.as_u16());
                status.is_server_error() || errors.iter().any(|error| error.get() == code)
            })
            .build();
        let slow_requests = SlowRequests::builder()
            .threshold(wanted.slow())
            .capacity(wanted.slow_requests_max.count())
            .build();
        let layer = PerformanceLayer::new()
            .observe(recorder.clone())
            .observe(slow_requests.clone())
            .observe(statements.clone())
            .observe(RequestMetrics::new(metrics))
            .response_time(wanted.response_time)
            .memory_usage(wanted.memory_usage)
            .span(outer_span);
        let layer = match wanted.server_timing {
            true => layer,
            false => layer.without_timing(),
        };
        Self {
            layer: wanted.enabled.then_some(layer),
            slow_requests,
            outgoing: outgoing(wanted).clone(),
            recorder: recorder.clone(),
            reports: Reports::builder(database, scope, &recorder)
                .every(wanted.every())
                .kept_for(wanted.kept_for())
                .slow(wanted.slow())
                .build(),
        }
    }

    /// What measures requests, unless that is switched off.
    pub(crate) fn layer(&self) -> Option<&PerformanceLayer> {
        self.layer.as_ref()
    }

    /// What took long lately, on this server.
    pub(crate) fn slow_requests(&self) -> &SlowRequests {
        &self.slow_requests
    }

    /// Which other servers took long lately, or gave no answer, to this server.
    pub(crate) fn outgoing(&self) -> &SlowOutgoing {
        &self.outgoing
    }

    /// Does a piece of work beside the requests, which reports then show by this name.
    pub(crate) async fn job<T, E>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.recorder.measure_platform(name, work).await
    }

    pub(crate) fn reports(&self) -> &Reports {
        &self.reports
    }
}

/// Writes reports down until the end, and once more then.
pub(crate) async fn keep(performance: Performance, mut ended: watch::Receiver<bool>) {
    let end = async { drop(ended.wait_for(|ended| *ended).await) };
    performance.reports.keep_until(end).await;
}

/// The request's own span, which learns the trace that it belongs to.
fn outer_span(request: &Begun<'_>) -> Span {
    let span = Span::current();
    span.record("trace_id", display(request.trace.trace_id()));
    span
}
