//! Paths exempt from CSRF checks: none that could be read as another path.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenancy_security::csrf::ExemptPath;

fuzz_target!(|text: &str| {
    let (exempt, path) = text.split_once('\n').unwrap_or(("/webhooks/", text));
    let Ok(exempt_path) = exempt.parse::<ExemptPath>() else {
        return;
    };
    if !exempt_path.contains(path) {
        return;
    }
    assert!(path.starts_with('/'), "{path:?}");
    assert!(
        !path.contains(['%', ';', '\\', '?', '#', '\0', ' ']),
        "{path:?}"
    );
    let inner = path.strip_suffix('/').unwrap_or(path);
    let mut segments = inner.split('/').skip(1);
    assert!(
        segments
            .clone()
            .all(|segment| !matches!(segment, "" | "." | "..")),
        "{path:?}"
    );
    for named in exempt.trim_end_matches('/').split('/').skip(1) {
        let sent = segments.next();
        assert!(
            named == "{}" || sent == Some(named),
            "{path:?} of {exempt:?}"
        );
    }
    // A single path is that one alone.
    assert!(
        exempt.ends_with('/') || segments.next().is_none(),
        "{path:?} of {exempt:?}"
    );
});
