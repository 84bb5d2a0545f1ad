use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE};
use serde_json::json;
use tenancy_commerce::catalog::Violation;
use tenancy_commerce::{Error, ErrorKind};
use tenancy_core::ErrorKind as Store;
use tenancy_core::layer::NoTenant;
use tenancy_core::problem::Problem;
use tenancy_security::upload::UploadRefusal;

use crate::logging;
use crate::sign_in::Denied;

/// Where the kinds of problems are described.
const KINDS: &str = "https://docs.rs/tenancy-commerce/latest/tenancy_commerce/enum.ErrorKind.html";

/// What a program may show instead.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// Why a request was not carried out. What broke inside goes to the log only.
#[derive(Debug)]
pub(super) struct Refused(Box<Response>);

impl Refused {
    /// One field or parameter is wrong.
    pub(super) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        violations(&[Violation { field, message }]).into()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// With a header more.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().insert(name, value);
        self
    }

    /// 404, in the same words whether the record never was or is another shop's.
    pub(super) fn not_found() -> Self {
        Error::from(ErrorKind::NotFound).into()
    }

    /// 401: nobody has signed in.
    pub(super) fn sign_in() -> Self {
        Problem::new(StatusCode::UNAUTHORIZED)
            .detail("this needs an API key of the shop, Authorization: Bearer KEY, or a session")
            .header(WWW_AUTHENTICATE, BEARER)
            .into()
    }

    /// 400: the cursor is none of this list's.
    pub(super) fn cursor() -> Self {
        Problem::new(StatusCode::BAD_REQUEST)
            .detail("the cursor does not belong to this list")
            .into()
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem.into_response()))
    }
}

impl From<UploadRefusal> for Refused {
    fn from(refusal: UploadRefusal) -> Self {
        Problem::from(refusal).into()
    }
}

impl From<NoTenant> for Refused {
    fn from(refusal: NoTenant) -> Self {
        Self(Box::new(refusal.into_response()))
    }
}

impl From<tenancy_core::Error> for Refused {
    fn from(error: tenancy_core::Error) -> Self {
        Error::from(error).into()
    }
}

/// Nobody was let in.
impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Failed(error) => error.into(),
            Denied::Wrong => Problem::from(&denied)
                .header(WWW_AUTHENTICATE, BEARER)
                .into(),
            Denied::Busy(_) | Denied::Refused(_) => Problem::from(&denied).into(),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let problem = problem(&error);
        if problem.status().is_server_error()
            && let Some(left_out) = logging::admit(error.is_transient())
        {
            let cause = std::error::Error::source(&error);
            tracing::error!(%error, cause, left_out, "a request failed");
        }
        problem.into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

fn problem(error: &Error) -> Problem {
    let said = |status, kind, code| {
        Problem::new(status)
            .kind(format!("{KINDS}#variant.{kind}"))
            .detail(error.to_string())
            .with("code", code)
    };
    match error.kind() {
        ErrorKind::AlreadyCancelled => said(
            StatusCode::CONFLICT,
            "AlreadyCancelled",
            "already_cancelled",
        ),
        ErrorKind::Conflict => said(StatusCode::CONFLICT, "Conflict", "conflict"),
        ErrorKind::EmailTaken => said(StatusCode::CONFLICT, "EmailTaken", "email_taken"),
        ErrorKind::HasChildren => said(StatusCode::CONFLICT, "HasChildren", "has_children"),
        ErrorKind::Invalid(found) => violations(found),
        ErrorKind::NotForSale(variants) => said(
            StatusCode::UNPROCESSABLE_ENTITY,
            "NotForSale",
            "not_for_sale",
        )
        .with("variants", json!(variants)),
        ErrorKind::NotFound => said(StatusCode::NOT_FOUND, "NotFound", "not_found"),
        ErrorKind::OutOfStock(shortages) => {
            said(StatusCode::CONFLICT, "OutOfStock", "insufficient_stock")
                .with("shortages", json!(shortages))
        }
        ErrorKind::QuotaExceeded => said(
            StatusCode::PAYLOAD_TOO_LARGE,
            "QuotaExceeded",
            "quota_exceeded",
        ),
        ErrorKind::SlugTaken => said(StatusCode::CONFLICT, "SlugTaken", "slug_taken"),
        ErrorKind::Store(kind) => {
            let problem = Problem::from(&tenancy_core::Error::new(*kind));
            match kind {
                Store::InvalidInput => problem.with("code", "invalid").with("errors", json!([])),
                Store::KeyInFlight => problem.with("code", "idempotency_key_in_flight"),
                Store::KeyReused => problem.with("code", "idempotency_key_reused"),
                _ => problem,
            }
        }
        _ => Problem::new(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// 422, with every violation by its field.
fn violations(found: &[Violation]) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY)
        .kind(format!("{KINDS}#variant.Invalid"))
        .detail("some fields are not as they must be")
        .with("code", "invalid")
        .with("errors", json!(found))
}
