//! What the threat detector refuses and what it lets pass.

mod corpora;
mod cost;
mod evasions;
mod harmless;
mod paths;
mod places;
mod probes;
mod properties;

use tenancy_security::threat::{Detector, Finding, Place};

/// What the default blocking mode refuses `value` for.
fn refused(place: Place, value: &str) -> Option<Finding> {
    Detector::new()
        .check(place, value.as_bytes())
        .filter(|finding| finding.severity().blocks())
}

/// Fails if `value` is refused.
#[track_caller]
fn assert_passes(place: Place, value: &str) {
    if let Some(finding) = refused(place, value) {
        panic!("{value:?} was refused: {finding}");
    }
}
