//! What requests take: told to clients in headers, and to shops and operators in reports.

use tenancy_core::PlatformScope;
use tenancy_core::sql::Database;
use tenancy_observability::layer::{Begun, PerformanceLayer, SlowRequests};
use tenancy_observability::metrics::{Metrics, RequestMetrics};
use tenancy_observability::report::{Recorder, Reports};
use tokio::sync::watch;
use tracing::Span;
use tracing::field::display;

use crate::background;
use crate::config;

/// What measures requests, and what is known of them.
#[derive(Clone, Debug)]
pub(crate) struct Performance {
    layer: Option<PerformanceLayer>,
    reports: Reports,
}

impl Performance {
    pub(crate) fn new(
        wanted: &config::Performance,
        database: &Database,
        scope: &PlatformScope,
        metrics: &Metrics,
    ) -> Self {
        let errors = wanted.error_statuses.clone();
        let recorder = Recorder::builder()
            .errors(move |status| {
                let code = u64::from(status.as_u16());
                status.is_server_error() || errors.iter().any(|error| error.get() == code)
            })
            .build();
        let slow = SlowRequests::builder()
            .threshold(wanted.slow())
            .capacity(wanted.slow_requests_max.count());
        let layer = PerformanceLayer::new()
            .observe(recorder.clone())
            .observe(slow.build())
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
            reports: Reports::builder(database, scope, &recorder)
                .every(wanted.every())
                .kept_for(wanted.kept_for())
                .build(),
        }
    }

    /// What measures requests, unless that is switched off.
    pub(crate) fn layer(&self) -> Option<&PerformanceLayer> {
        self.layer.as_ref()
    }

    pub(crate) fn reports(&self) -> &Reports {
        &self.reports
    }
}

/// Writes reports down until the end, and once more then.
pub(crate) async fn keep(performance: Performance, ended: watch::Receiver<bool>) {
    let until = ended.clone();
    background::keep_running("reports", ended, move || {
        let (reports, mut until) = (performance.reports.clone(), until.clone());
        let end = async move { drop(until.wait_for(|ended| *ended).await) };
        async move { reports.keep_until(end).await }
    })
    .await;
}

/// The request's own span, which learns the trace that it belongs to.
fn outer_span(request: &Begun<'_>) -> Span {
    let span = Span::current();
    span.record("trace_id", display(request.trace.trace_id()));
    span
}
