use tenancy_commerce::Shortage;
use tenancy_commerce::catalog::Violation;
use utoipa::{IntoResponses, ToSchema};

/// Why a request was not carried out (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "describes answers, is none")]
pub(super) struct Described {
    /// Names the kind of problem.
    r#type: String,
    title: String,
    status: u16,
    detail: Option<String>,
    /// A word for the kind of problem.
    code: Option<String>,
    /// What is wrong with each field; with 422.
    errors: Option<Vec<Violation>>,
    /// Which variants lack; with `insufficient_stock`.
    shortages: Option<Vec<Shortage>>,
}

/// What any request may be answered with instead.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "describes answers, is none")]
pub(super) enum Refusals {
    #[response(
        status = 400,
        description = "The request cannot be read, or the cursor is none of this list's",
        content_type = "application/problem+json"
    )]
    Unreadable(#[to_schema] Described),
    #[response(
        status = 401,
        description = "Not signed in, or with a key that is not this shop's",
        content_type = "application/problem+json"
    )]
    Unauthenticated(#[to_schema] Described),
    #[response(
        status = 404,
        description = "The shop has no such record",
        content_type = "application/problem+json"
    )]
    NotFound(#[to_schema] Described),
    #[response(
        status = 409,
        description = "The records as they are do not allow it",
        content_type = "application/problem+json"
    )]
    Conflict(#[to_schema] Described),
    #[response(
        status = 413,
        description = "The body is too large",
        content_type = "application/problem+json"
    )]
    TooLarge(#[to_schema] Described),
    #[response(
        status = 415,
        description = "The body is not JSON",
        content_type = "application/problem+json"
    )]
    NoJson(#[to_schema] Described),
    #[response(
        status = 422,
        description = "Some fields are not as they must be",
        content_type = "application/problem+json"
    )]
    Invalid(#[to_schema] Described),
    #[response(
        status = 503,
        description = "Cannot be done now; see Retry-After",
        content_type = "application/problem+json"
    )]
    Unavailable(#[to_schema] Described),
}
