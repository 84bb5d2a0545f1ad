use http::header::{
    HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_DNS_PREFETCH_CONTROL,
    X_FRAME_OPTIONS, X_XSS_PROTECTION,
};

/// Denies what the OWASP Secure Headers Project denies.
const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), \
    clipboard-write=(), cross-origin-isolated=(), display-capture=(), encrypted-media=(), \
    fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), \
    interest-cohort=(), keyboard-map=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), serial=(), \
    sync-xhr=(), unload=(), usb=(), web-share=(), xr-spatial-tracking=()";

/// The headers of every answer, policies and HSTS apart.
pub(super) fn safe_headers() -> Vec<(HeaderName, HeaderValue)> {
    let named = [
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("origin-agent-cluster", "?1"),
        ("permissions-policy", PERMISSIONS_POLICY),
        ("x-permitted-cross-domain-policies", "none"),
    ];
    let known = [
        (REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_DNS_PREFETCH_CONTROL, "off"),
        (X_FRAME_OPTIONS, "DENY"),
        (X_XSS_PROTECTION, "1; mode=block"),
    ];
    let named = named.map(|(name, value)| (HeaderName::from_static(name), value));
    let all = named.into_iter().chain(known);
    all.map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
}
