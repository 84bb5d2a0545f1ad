use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use tenancy_core::problem::Problem;

/// Why a [`CsrfLayer`](super::CsrfLayer) did not let a request through; in the extensions of its
/// response, for outer layers to log.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The request comes from another site's page.
    CrossOrigin,
    /// The form's beginning holds no token, and the rest is not looked through.
    FormTooLarge,
    /// The request comes from a page of this host that was not sent over TLS.
    InsecureOrigin,
    /// The token is not this session's with this tenant.
    InvalidToken,
    /// A session's request without a token, from a browser that does not say where it comes from.
    MissingToken,
    /// The page has no origin that its browser would name.
    NullOrigin,
    /// `Sec-Fetch-Site` has a value that no standard gives it.
    UnknownFetchSite,
    /// The form broke off before a token was found.
    UnreadableForm,
}

impl Refusal {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnreadableForm => StatusCode::BAD_REQUEST,
            Self::CrossOrigin
            | Self::InsecureOrigin
            | Self::InvalidToken
            | Self::MissingToken
            | Self::NullOrigin
            | Self::UnknownFetchSite => StatusCode::FORBIDDEN,
        }
    }

    /// The problem with this status. Its type is
    /// `https://docs.rs/tenancy-security/latest/tenancy_security/csrf/enum.Refusal.html` with the
    /// reason after `#`.
    pub(super) fn problem(self, status: StatusCode) -> Problem {
        let kind = format!(
            "https://docs.rs/tenancy-security/latest/tenancy_security/csrf/enum.Refusal.html#{}",
            self.name()
        );
        let problem = Problem::new(status).kind(kind).detail(self.to_string());
        match status.canonical_reason() {
            Some(_) => problem,
            None => problem.title(Cow::Borrowed("Page Expired")),
        }
    }

    /// The last part of the problem's type.
    fn name(self) -> &'static str {
        match self {
            Self::CrossOrigin => "cross-origin",
            Self::FormTooLarge => "form-too-large",
            Self::InsecureOrigin => "insecure-origin",
            Self::InvalidToken => "invalid-token",
            Self::MissingToken => "missing-token",
            Self::NullOrigin => "null-origin",
            Self::UnknownFetchSite => "unknown-fetch-site",
            Self::UnreadableForm => "unreadable-form",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CrossOrigin => "the request comes from a page of another site",
            Self::FormTooLarge => "the form does not begin with its token",
            Self::InsecureOrigin => "the request comes from a page that was not sent over TLS",
            Self::InvalidToken => "the page has expired; load it again",
            Self::MissingToken => "the request carries no token of this page",
            Self::NullOrigin => "the request comes from a page that hides its origin",
            Self::UnknownFetchSite => "the browser's word on the page is not understood",
            Self::UnreadableForm => "the form broke off",
        })
    }
}
