//! Attacks in what a client sends: SQL injection, cross-site scripting, path traversal, command
//! injection, and probes for templates, Log4j, XML entities and shellshock.
//!
//! A [`ThreatLayer`] looks at a request before the handler does, and refuses one that holds an attack
//! with 403. It looks at
//!
//! - the path, the query's names and values, and cookies;
//! - headers, but for those that a server reads by a grammar of theirs or compares with a secret, such
//!   as `Content-Length`, `If-None-Match` and `Authorization`;
//! - bodies of up to 1 MiB: the keys and strings of JSON, the fields of forms, a multipart form's texts and
//!   the names of its fields and files, other texts as one value. What is malformed is looked at as
//!   it is. Files that are no text are not looked into, and trailers are not looked at.
//!
//! A body that it cannot read is refused, not let through: 413 where it is longer, 415 where it is
//! [compressed](ThreatLayer::encodings) or in a character set in which ASCII may mean something else.
//! The handler gets a body unchanged, as a [`PeekedBody`](crate::PeekedBody).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_security::PeekedBody;
//! use tenancy_security::threat::ThreatLayer;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! type Body = Full<Bytes>;
//! let search = service_fn(async |_: Request<PeekedBody<Body>>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Body::from("found")))
//! });
//! let service = ThreatLayer::new().layer(search);
//! let get = |target| Request::get(target).body(Body::default());
//!
//! let admitted = service.clone().oneshot(get("/search?q=O%27Brien+or+1+of+2")?).await?;
//! assert_eq!(admitted.status(), StatusCode::OK);
//! let refused = service.oneshot(get("/search?q=1%27+or+%271%27%3D%271")?).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```
//!
//! A refusal has its reason as a [`Refusal`] in the response's extensions. What was found goes to a
//! [`ThreatSink`] and to the counter `tenancy_threats_total` by `kind` and `action`; bodies that were not
//! looked at, or not to their end, to `tenancy_threat_unread_total` by `reason` and `action`. Of those that
//! a [`RoutePolicy`] lets stream past, [`ThreatLayer::check_texts`] judges what the application reads.
//!
//! A mebibyte that is made to cost takes tens of milliseconds of one thread, on which nothing else runs
//! meanwhile.
//! The layer waits for a body as long as it is allowed to: a server's time-outs drop the request, and
//! with it what was read. It keeps as much of each body as it reads, so the number of requests at a
//! time bounds its memory; see [`load_shed`](crate::load_shed). It is a second line: bind parameters and
//! escape output all the same.
//!
//! # The detector
//! Behind it a [`Detector`] judges one value at a time, decoded or not, and says what it found and
//! where, never what the value was. It reads values as the parsers behind it would: SQL by the
//! alternation of operands and operators, HTML by what a forgiving browser makes of it, command lines
//! as a shell splits them. No regular expression is involved, and each value takes time in proportion
//! to its length.
//!
//! ```
//! use tenancy_security::threat::{Detector, Place, ThreatKind};
//!
//! let detector = Detector::new();
//! let finding = detector.check(Place::Query, b"1' or '1'='1").unwrap();
//! assert_eq!(finding.kind(), ThreatKind::SqlInjection);
//! assert!(finding.severity().blocks());
//!
//! assert!(detector.check(Place::Query, b"union was a great select").is_none());
//! assert!(detector.check(Place::Query, b"O'Brien").is_none());
//! ```
//!
//! The place matters: `/docs/../notes` is refused as a path, and `see ../notes` passes in a text.

mod body;
mod content;
mod decode;
mod detector;
mod event;
mod exclusion;
mod finding;
mod form;
mod head;
mod inflate;
mod inspection;
mod json;
mod known;
mod layer;
mod look;
mod markup;
mod mode;
mod multipart;
mod phrases;
mod plan;
mod probe;
mod refusal;
mod route;
mod scan;
mod search;
mod service;
mod shell;
mod signs;
mod sql;
mod strikes;
mod texts;
mod traversal;
mod words;

pub use self::content::Encodings;
pub use self::detector::Detector;
pub use self::event::{Action, Found, LogSink, ThreatEvent, ThreatSink};
pub use self::exclusion::Exclusion;
pub use self::finding::{Finding, Place, Severity, ThreatKind};
pub use self::layer::ThreatLayer;
pub use self::mode::{InvalidMode, Mode, ModeOf, OwnMode, TenantModes};
pub use self::refusal::Refusal;
pub use self::route::{OverCap, RoutePolicy};
pub use self::service::ThreatService;
