//! Attacks in what a client sends.
mod decode;
mod detector;
mod finding;
mod markup;
mod phrases;
mod probe;
mod scan;
mod shell;
mod sql;
mod traversal;
mod words;

pub use self::detector::Detector;
pub use self::finding::{Finding, Place, Severity, ThreatKind};
