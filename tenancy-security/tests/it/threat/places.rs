//! What a finding says.

use tenancy_security::threat::{Detector, Place, Severity, ThreatKind};

#[test]
fn a_finding_names_kind_place_and_reason_and_never_the_value() {
    let value = "hunter2' or '1'='1";
    let finding = Detector::new()
        .check(Place::Cookie, value.as_bytes())
        .unwrap();
    assert_eq!(finding.kind(), ThreatKind::SqlInjection);
    assert_eq!(finding.place(), Place::Cookie);
    assert!(finding.severity() >= Severity::High);
    assert!(!finding.description().is_empty());
    let said = format!("{finding} {finding:?}");
    assert!(
        said.contains("cookie") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn one_step_up_is_refused_in_a_path_and_passes_in_a_text() {
    let detector = Detector::new();
    let text = b"see ../notes for more";
    assert!(detector.check(Place::Json, text).is_none());
    assert!(detector.check(Place::Path, b"/docs/../notes").is_some());
}
