//! Refusals that tell the truth and nothing else: problem details (RFC 9457), and the seam
//! through which a layer makes a response of them.
//!
//! A [`Problem`] says what went wrong in a machine's and a person's words. [`Refuse`] turns it
//! into a response: [`ProblemJson`] for HTTP interfaces, [`GrpcStatus`] for gRPC, and an
//! application's own for pages.
//!
//! ```
//! use http::{Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_core::problem::Problem;
//!
//! let response: Response<Full<bytes::Bytes>> = Problem::new(StatusCode::CONFLICT)
//!     .kind("/problems/insufficient-stock")
//!     .detail("2 of 5 are left")
//!     .with("left", 2)
//!     .into_http();
//! assert_eq!(response.status(), StatusCode::CONFLICT);
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! ```

mod grpc_status;
mod of_error;
mod refuse;

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::json;

pub use self::grpc_status::GrpcStatus;
pub use self::refuse::{ProblemJson, Refuse};

/// The kind of a problem that says no more than its status (RFC 9457, section 4.2.1).
const ABOUT_BLANK: &str = "about:blank";

/// What went wrong with a request, as the client will be told.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Problem {
    status: StatusCode,
    kind: Cow<'static, str>,
    title: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem that says no more than its status: type `about:blank`, the status's own phrase
    /// as title.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            kind: ABOUT_BLANK.into(),
            title: status.canonical_reason().unwrap_or("Error").into(),
            detail: None,
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// The URI reference that names this kind of problem, for programs to branch on.
    pub fn kind(mut self, kind: impl Into<Cow<'static, str>>) -> Self {
        self.kind = kind.into();
        self
    }

    /// What this kind of problem is called; the same text each time it occurs.
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.title = title.into();
        self
    }

    /// What is special about this occurrence, for the person who reads it.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// A further member of the document. The names of RFC 9457 keep their own values.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// A header of the response.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// When to come back: `Retry-After` in whole seconds, at least one.
    pub fn retry_after(self, wait: SignedDuration) -> Self {
        let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
        self.header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The person's words: the detail, or the title where there is none.
    pub fn message(&self) -> &str {
        self.detail.as_deref().unwrap_or(&self.title)
    }

    /// The headers that any form of the response carries.
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The document of RFC 9457.
    pub fn to_json(&self) -> Value {
        let mut document = self.members.clone();
        document.insert("type".to_owned(), self.kind.as_ref().into());
        document.insert("title".to_owned(), self.title.as_ref().into());
        document.insert("status".to_owned(), self.status.as_u16().into());
        match &self.detail {
            Some(detail) => document.insert("detail".to_owned(), detail.as_ref().into()),
            None => document.remove("detail"),
        };
        Value::Object(document)
    }

    /// The response: `application/problem+json`, never stored by caches.
    pub fn into_http<B: From<Bytes>>(self) -> Response<B> {
        let document = json::to_vec(&self.to_json()).expect("a document is plain data");
        let mut response = Response::new(B::from(document.into()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(
            http::header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        );
        headers.extend(self.headers);
        response
    }
}

#[cfg(feature = "axum")]
impl axum::response::IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        self.into_http()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_standard_members_cannot_be_overwritten() {
        let problem = Problem::new(StatusCode::CONFLICT)
            .with("status", 200)
            .with("type", "x")
            .with("detail", "forged")
            .with("left", 2);
        assert_eq!(
            problem.to_json(),
            json!({"type": "about:blank", "title": "Conflict", "status": 409, "left": 2})
        );
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let check = |wait: SignedDuration, expected: &str| {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE).retry_after(wait);
            assert_eq!(problem.headers()[0].1, expected, "{wait:?}");
        };
        check(SignedDuration::ZERO, "1");
        check(SignedDuration::from_millis(1_001), "2");
        check(SignedDuration::from_secs(300), "300");
    }
}
