use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::id::{SpanId, TraceId};
use super::parent::Parent;
use super::state;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// A place in a trace: this server's, while it works on a request.
#[derive(Clone, Debug)]
pub struct TraceContext {
    here: Parent,
    caller: Option<SpanId>,
    state: Option<Arc<str>>,
}

impl TraceContext {
    /// A place in a trace of its own.
    pub fn begin() -> Self {
        Self {
            here: Parent {
                trace_id: TraceId::generate(),
                span_id: SpanId::generate(),
                is_sampled: true,
            },
            caller: None,
            state: None,
        }
    }

    /// A place of its own in the trace that a request names, or in a new one.
    pub fn of_request(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = match (parents.next(), parents.next()) {
            (Some(parent), None) => Parent::parse(parent.as_bytes()),
            _ => None,
        };
        let Some(parent) = parent else {
            return Self::begin();
        };
        Self {
            here: Parent {
                span_id: SpanId::generate(),
                ..parent
            },
            caller: Some(parent.span_id),
            state: state::read(headers.get_all(TRACESTATE).iter()).map(Arc::from),
        }
    }

    /// Names this place as the parent of a request that is about to be sent.
    pub fn write(&self, headers: &mut HeaderMap) {
        if let Ok(parent) = HeaderValue::from_str(&self.here.text()) {
            headers.insert(TRACEPARENT, parent);
        }
        match self.state.as_deref().map(HeaderValue::from_str) {
            Some(Ok(state)) => drop(headers.insert(TRACESTATE, state)),
            _ => drop(headers.remove(TRACESTATE)),
        }
    }

    /// The place of the request that is being worked on, where a
    /// [`PerformanceLayer`](crate::layer::PerformanceLayer) watches over it. A task that was spawned for it is
    /// not a part of it.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Names the [current](Self::current) place, if there is one, as the parent of a request that is about to be
    /// sent; else its headers stay as they are. It is what `OutboundBuilder::headers` takes.
    pub fn write_current(headers: &mut HeaderMap) {
        // Where there is none, there is nothing to name.
        let _ = CURRENT.try_with(|current| current.write(headers));
    }

    /// Does some work for the request that has this place.
    pub(crate) fn working<T>(&self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// Which trace.
    pub fn trace_id(&self) -> TraceId {
        self.here.trace_id
    }

    /// Which place in it.
    pub fn span_id(&self) -> SpanId {
        self.here.span_id
    }

    /// Whose place the request came from, if it said so.
    pub fn caller(&self) -> Option<SpanId> {
        self.caller
    }

    /// Whether who began the trace may have recorded it.
    pub fn is_sampled(&self) -> bool {
        self.here.is_sampled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let lines = lines.iter();
        let lines = lines.map(|(name, value)| (HeaderName::from_static(name), value));
        lines.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value.parse().unwrap());
            headers
        })
    }

    #[test]
    fn a_request_s_trace_goes_on_under_a_place_of_its_own() {
        let incoming = headers(&[("traceparent", SENT), ("tracestate", "rojo=1")]);
        let ours = TraceContext::of_request(&incoming);
        assert_eq!(ours.caller().unwrap().to_string(), "b7ad6b7169203331");
        assert_ne!(Some(ours.span_id()), ours.caller());
        assert!(!ours.is_sampled());
        let mut outgoing = headers(&[("tracestate", "old=1"), ("traceparent", "old")]);
        ours.write(&mut outgoing);
        let trace = ours.trace_id();
        assert_eq!(trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
        let expected = format!("00-{trace}-{}-00", ours.span_id());
        let expected = headers(&[("tracestate", "rojo=1"), ("traceparent", &expected)]);
        assert_eq!(outgoing, expected);
    }

    #[test]
    fn what_breaks_the_rules_begins_a_trace_and_takes_no_state_along() {
        let check = |lines: &[(&'static str, &str)]| {
            let ours = TraceContext::of_request(&headers(lines));
            assert_eq!(ours.caller(), None, "{lines:?}");
            assert!(ours.is_sampled());
            let mut outgoing = headers(&[("tracestate", "old=1")]);
            ours.write(&mut outgoing);
            assert_eq!(outgoing.get("tracestate"), None, "{lines:?}");
        };
        check(&[]);
        check(&[("tracestate", "rojo=1")]);
        check(&[("traceparent", "what"), ("tracestate", "rojo=1")]);
        check(&[("traceparent", SENT), ("traceparent", SENT)]);
    }

    #[test]
    fn places_and_traces_are_never_the_same_twice() {
        let contexts: Vec<_> = (0..10_000).map(|_| TraceContext::begin()).collect();
        let traces: std::collections::HashSet<_> =
            contexts.iter().map(TraceContext::trace_id).collect();
        let spans: std::collections::HashSet<_> =
            contexts.iter().map(TraceContext::span_id).collect();
        assert_eq!((traces.len(), spans.len()), (10_000, 10_000));
    }
}
