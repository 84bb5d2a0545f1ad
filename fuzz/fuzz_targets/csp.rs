//! Content-Security-Policies: whatever origins and paths are offered for one, it holds its own
//! directives and no other.
#![no_main]

use std::collections::BTreeSet;

use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use tenancy_security::headers::csp::{Directive, FrameAncestor, Hash, Policy, ReportPath, Source};
use tenancy_security::origin::Origin;

const DIRECTIVES: [Directive; 4] = [
    Directive::ImgSrc,
    Directive::ConnectSrc,
    Directive::ScriptSrc,
    Directive::FormAction,
];

fuzz_target!(|text: &str| {
    let mut policy = Policy::strict();
    let own: BTreeSet<_> = names(&policy).into_iter().collect();
    let mut allowed: BTreeSet<String> = own.clone();
    for (number, line) in text.lines().enumerate() {
        let directive = DIRECTIVES[number % DIRECTIVES.len()];
        if let Ok(origin) = line.parse::<Origin>() {
            allowed.insert(directive.as_str().to_owned());
            policy = policy.allow(directive, [Source::Origin(origin)]);
        }
        if let Ok(ancestor) = line.parse::<FrameAncestor>() {
            policy = policy.frame_ancestors([ancestor]);
        }
        if let Ok(path) = line.parse::<ReportPath>() {
            assert_eq!(path.as_str().parse(), Ok(path.clone()));
            allowed.extend(["report-uri".to_owned(), "report-to".to_owned()]);
            policy = policy.report_to(path);
        }
        if number % 5 == 4 {
            allowed.insert(directive.as_str().to_owned());
            policy = policy.allow(directive, [Source::Hash(Hash::sha256(line))]);
        }
    }
    let said = names(&policy);
    let distinct: BTreeSet<_> = said.iter().cloned().collect();
    assert_eq!(
        said.len(),
        distinct.len(),
        "a directive stands twice in {policy}"
    );
    assert!(distinct.is_subset(&allowed), "{policy}");
    assert!(own.is_subset(&distinct), "{policy}");
    assert!(
        HeaderValue::try_from(policy.to_string()).is_ok(),
        "{policy}"
    );
    for source in policy.to_string().split([' ', ';']) {
        assert!(
            !matches!(source, "*" | "data:" | "'unsafe-inline'" | "'unsafe-eval'")
                || own_holds(source),
            "{policy}"
        );
    }
});

/// Whether the platform's own policy says so already.
fn own_holds(source: &str) -> bool {
    Policy::strict()
        .to_string()
        .split([' ', ';'])
        .any(|own| own == source)
}

/// The names of a policy's directives, as a browser would split it.
fn names(policy: &Policy) -> Vec<String> {
    let text = policy.to_string();
    assert!(!text.contains([',', '\r', '\n']), "{text}");
    let directives = text.split(';').map(str::trim);
    directives
        .map(|directive| directive.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}
