//! Which trace a request belongs to, as [W3C Trace Context](https://www.w3.org/TR/trace-context/)
//! says it from one server to the next.
//!
//! ```
//! use http::HeaderMap;
//! use tenancy_observability::trace_context::TraceContext;
//!
//! let mut incoming = HeaderMap::new();
//! let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
//! incoming.insert("traceparent", sent.parse()?);
//! let ours = TraceContext::of_request(&incoming);
//! assert_eq!(ours.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
//!
//! let mut outgoing = HeaderMap::new();
//! ours.write(&mut outgoing);
//! let passed_on = outgoing["traceparent"].to_str()?;
//! assert_eq!(passed_on, format!("00-{}-{}-01", ours.trace_id(), ours.span_id()));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! While a [`PerformanceLayer`](crate::layer::PerformanceLayer) watches over a request, its place is the
//! [current](TraceContext::current) one. An `Outbound` of `tenancy-core` that is made with
//! `.headers(TraceContext::write_current)` names it in all that it sends for that request, and nothing in what
//! it sends otherwise.
//!
//! What does not follow the specification to the letter is not there: such a request begins a trace
//! of its own. A trace's id is a name that a client may choose, good for finding what belongs
//! together and for nothing else.

mod context;
mod id;
mod parent;
mod state;

pub use self::context::TraceContext;
pub use self::id::{SpanId, TraceId};
