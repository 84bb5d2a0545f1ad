//! What a page tells browsers, as it is served.

use http::HeaderMap;
use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

use super::Finding;

/// Whether a page over HTTP or HTTPS has the headers that keep others' scripts, frames and eyes out.
pub fn judge(headers: &HeaderMap, encrypted: bool) -> Finding {
    let value = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let policy = value(CONTENT_SECURITY_POLICY);
    let has = |directive: &str| {
        let mut directives = policy.split(';').map(str::trim_start);
        directives.any(|given| given.starts_with(directive))
    };
    let mut missing = vec![];
    if !has("default-src") && !has("script-src") {
        missing.push("a Content-Security-Policy for scripts");
    } else if policy.contains("'unsafe-eval'") {
        missing.push("a Content-Security-Policy without 'unsafe-eval'");
    }
    let denies_frames = ["deny", "sameorigin"].contains(&&*value(X_FRAME_OPTIONS));
    if !has("frame-ancestors") && !denies_frames {
        missing.push("frame-ancestors");
    }
    if value(X_CONTENT_TYPE_OPTIONS) != "nosniff" {
        missing.push("X-Content-Type-Options: nosniff");
    }
    if value(REFERRER_POLICY).is_empty() {
        missing.push("Referrer-Policy");
    }
    if encrypted && !value(STRICT_TRANSPORT_SECURITY).contains("max-age=") {
        missing.push("Strict-Transport-Security");
    }
    if missing.is_empty() {
        return Finding::pass("policy, frames, types and referrers are there");
    }
    Finding::fail(
        format!("a page lacks {}", missing.join(", ")),
        "put the layer of security headers outermost, and let nothing behind it take them out",
    )
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::readiness::Status;

    #[test]
    fn each_header_that_lacks_is_named() {
        let mut headers = HeaderMap::new();
        let found = judge(&headers, true);
        for named in [
            "Content-Security",
            "frame-ancestors",
            "nosniff",
            "Referrer",
            "Strict",
        ] {
            assert!(found.evidence.contains(named), "{found:?}");
        }
        let policy = "default-src 'self'; frame-ancestors 'none'";
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        assert_eq!(judge(&headers, false).status, Status::Pass);
        let over_tls = judge(&headers, true);
        assert_eq!(over_tls.evidence, "a page lacks Strict-Transport-Security");
        let policy = "script-src 'unsafe-eval'; frame-ancestors 'none'";
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        assert!(judge(&headers, false).evidence.contains("unsafe-eval"));
    }
}
