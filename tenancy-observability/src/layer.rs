//! What each request took, and of what: time, database, caches, memory.
//!
//! A [`PerformanceLayer`] stands outside of everything that is to be measured. It tells clients how
//! long their answer took, and its [observers](ObserveRequests) about each request once, when the
//! last byte of its answer has gone out, or when it was cancelled, failed or panicked.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tenancy_observability::layer::{PerformanceLayer, SlowRequests};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let slow = SlowRequests::builder().threshold(std::time::Duration::ZERO).build();
//! let layer = PerformanceLayer::new().observe(slow.clone());
//! let shop = service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<bytes::Bytes>::from("welcome")))
//! });
//!
//! let response = layer.layer(shop).oneshot(Request::default()).await?;
//! let took = response.headers()["x-response-time"].to_str()?;
//! assert!(took.ends_with("ms"));
//! assert_eq!(layer.in_flight(), 1);
//! response.into_body().collect().await?;
//! assert_eq!(layer.in_flight(), 0);
//! assert_eq!(slow.newest(10)[0].route, "unmatched");
//! # Ok(())
//! # }
//! ```
//!
//! # Headers
//! - `X-Response-Time: 12.345ms` is the time until the answer's head, the client's own included. An inner service's own is replaced.
//! - `Server-Timing: db;dur=8.1, cache;dur=0.2, cpu;dur=1.4, wait;dur=10.9` says of what, in
//!   milliseconds: at least one statement was on its way, a cache was waited for, the request was worked
//!   on, it waited; and `client` how long it waited for the client, if it did. It tells strangers about the inside of a server, so only those who have signed in get
//!   it, unless [told otherwise](PerformanceLayer::show_timing); entries of inner services are kept for them
//!   and taken away for others.
//! - `X-Memory-Usage: 48213` is how many bytes were asked for until the head, where the program has a
//!   [counting allocator](crate::memory); for those who get `Server-Timing` only, since it tells as much.
//!
//! # A client's own time
//! How fast a client takes its answer is not the server's doing, so it is told [apart](Spent::client) and is no
//! part of what a request took. The same goes for how fast it sends its body, with a [`ReceivedBodyLayer`] inside of
//! the performance layer; without one, whoever sends a body slowly makes requests look slow.
//!
//! # Its own cost
//! One request in 256 is timed as to what the layer and its observers take of it:
//! [`own_cost`](PerformanceLayer::own_cost) says which share of the processor's time that is, and
//! [`RequestMetrics`](crate::metrics::RequestMetrics) counts it.
//!
//! # Streams of events
//! What is sent as `text/event-stream` lasts as long as somebody listens. So its request took as long as its head
//! did, and has been answered when its client goes; until then it is in flight.
//!
//! # Routes
//! A request is known by its route's template, such as `/products/{id}`, and never by its path. With the
//! feature `axum` it is what axum matched before this layer; else an inner service says it by
//! [`RequestRoute`], or [a function](PerformanceLayer::route) tells it. All others are `unmatched`.

mod body;
mod finished;
mod future;
mod observe;
mod own_cost;
mod performance_layer;
mod received;
mod received_layer;
mod route;
mod service;
mod slow;
mod watch;

pub use self::body::PerformanceBody;
pub(crate) use self::finished::OTHER_METHOD;
pub use self::finished::{FinishedRequest, Outcome, Spent};
pub use self::future::ResponseFuture;
pub use self::observe::ObserveRequests;
pub use self::own_cost::OwnCost;
pub(crate) use self::own_cost::nanoseconds;
pub use self::performance_layer::{Begun, PerformanceLayer};
pub use self::received::ReceivedBody;
pub use self::received_layer::{NoteReceived, ReceivedBodyLayer};
pub use self::route::{RequestRoute, UNMATCHED};
pub use self::service::Performance;
pub use self::slow::{SlowRequest, SlowRequests, SlowRequestsBuilder, SlowSpan};
