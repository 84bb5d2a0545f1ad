use std::fmt;

use http::StatusCode;
use http::header::{ACCEPT_ENCODING, HeaderValue};
use tenancy_core::problem::Problem;

use super::content::Encodings;

/// Why a [`ThreatLayer`](super::ThreatLayer) did not let a request through; in the extensions of its
/// response, for outer layers to log.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The body is longer than what is looked at.
    BodyTooLarge,
    /// The body is compressed, or in several ways at once, and is not looked at in that form.
    Encoded,
    /// Something in the request looks like an attack.
    Threat,
    /// The body's text is in a character set that is not read here, or has more than one type.
    UnknownText,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded | Self::UnknownText => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Threat => StatusCode::FORBIDDEN,
        }
    }

    /// The problem as the client is told, which says nothing of what was found: who is wronged can do
    /// nothing with it, and who tries to get past would. Its type is
    /// `https://docs.rs/tenancy-security/latest/tenancy_security/threat/enum.Refusal.html` with the
    /// reason after `#`.
    pub(super) fn problem(self, encodings: Encodings) -> Problem {
        let kind = format!(
            "https://docs.rs/tenancy-security/latest/tenancy_security/threat/enum.Refusal.html#{}",
            self.name()
        );
        let problem = Problem::new(self.status())
            .kind(kind)
            .detail(self.to_string());
        match (self, encodings) {
            (Self::Encoded, Encodings::Inspect) => {
                problem.header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"))
            }
            (Self::Encoded, Encodings::Refuse) => {
                problem.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            }
            _ => problem,
        }
    }

    /// The last part of the problem's type, and the label of metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body-too-large",
            Self::Encoded => "encoded",
            Self::Threat => "threat",
            Self::UnknownText => "unknown-text",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BodyTooLarge => "the body is too long",
            Self::Encoded => "the body is encoded in a way that is not taken here",
            Self::Threat => "something in the request looks like an attack",
            Self::UnknownText => "the body's type or character set is not taken here",
        })
    }
}
