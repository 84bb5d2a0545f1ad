//! Attacks in what a client sends.
mod detector;
mod finding;
mod sql;
mod words;

pub use self::detector::Detector;
pub use self::finding::{Finding, Place, Severity, ThreatKind};
