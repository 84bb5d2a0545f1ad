use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};

use crate::config::Config;
use crate::pages::CONTENT_SECURITY_POLICY;

/// How long browsers remember that the platform is reached encrypted only: a year.
const ENCRYPTED_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The headers that every response carries unless it has stricter ones of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct SafeHeaders {
    encrypted: bool,
}

impl SafeHeaders {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            encrypted: config.origin().is_encrypted(),
        }
    }

    fn all(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let fixed = [
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (
                HeaderName::from_static("cross-origin-opener-policy"),
                "same-origin",
            ),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=()",
            ),
            (header::REFERRER_POLICY, "same-origin"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        // Subdomains are left out: those of a merchant's own domain are not ours.
        let encrypted = self
            .encrypted
            .then_some((header::STRICT_TRANSPORT_SECURITY, ENCRYPTED_ONLY));
        fixed
            .into_iter()
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .chain(encrypted)
    }
}

/// Adds the headers.
pub(super) async fn harden(
    State(safe): State<SafeHeaders>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in safe.all() {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
