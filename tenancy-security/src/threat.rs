//! Attacks in what a client sends: SQL injection, cross-site scripting, path traversal, command
//! injection, and probes for templates, Log4j, XML entities and shellshock.
//!
//! A [`Detector`] judges one value at a time, decoded or not, and says what it found and where, never
//! what the value was. It reads values as the parsers behind it would: SQL by the alternation of
//! operands and operators, HTML by what a forgiving browser makes of it, command lines as a shell
//! splits them. No regular expression is involved, and each value takes time in proportion to its
//! length.
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
mod layer;
mod look;
mod markup;
mod mode;
mod multipart;
mod partly;
mod phrases;
mod plan;
mod probe;
mod refusal;
mod route;
mod scan;
mod service;
mod shell;
mod sql;
mod strikes;
mod traversal;
mod words;

pub use self::content::Encodings;
pub use self::detector::Detector;
pub use self::event::{Action, Found, LogSink, ThreatEvent, ThreatSink};
pub use self::exclusion::Exclusion;
pub use self::finding::{Finding, Place, Severity, ThreatKind};
pub use self::layer::ThreatLayer;
pub use self::mode::{Mode, ModeOf};
pub use self::refusal::Refusal;
pub use self::route::{OverCap, RoutePolicy};
pub use self::service::ThreatService;
