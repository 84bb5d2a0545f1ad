//! Attacks in what a client sends.
mod detector;
mod finding;
mod markup;
mod sql;
mod words;

pub use self::detector::Detector;
pub use self::finding::{Finding, Place, Severity, ThreatKind};
