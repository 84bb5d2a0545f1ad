use super::finding::{Finding, Place};
use super::{markup, sql};

/// Finds attacks in the values of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detector(());

impl Detector {
    /// A detector of everything in [`ThreatKind`](super::ThreatKind).
    pub fn new() -> Self {
        Self::default()
    }

    /// The gravest thing that `value` holds, or the first that is to be refused.
    pub fn check(&self, place: Place, value: &[u8]) -> Option<Finding> {
        let verdict = sql::judge(value).or_else(|| markup::judge(value))?;
        Some(Finding {
            kind: verdict.kind,
            severity: verdict.severity,
            place,
            description: verdict.says,
        })
    }
}
