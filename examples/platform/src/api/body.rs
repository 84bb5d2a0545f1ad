use std::error::Error;
use std::iter::successors;

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenancy_core::problem::Problem;
use tower_http::timeout::TimeoutError;

use super::refused::Refused;

/// The whole body of a request, which is JSON if it says so.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    is_json: bool,
    bytes: Bytes,
}

impl Body {
    /// An object with these fields.
    pub(super) fn object<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        Ok(tenancy_commerce::json::read(self.json()?)?)
    }

    pub(super) fn json(&self) -> Result<Value, Refused> {
        if !self.is_json {
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            return Err(problem.detail("the body must be application/json").into());
        }
        serde_json::from_slice(&self.bytes).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST)
                .detail(format!("the body is not JSON: {error}"))
                .into()
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| {
            // The rest of the body is not read, so the connection is of no further use.
            unread(&rejection).header(CONNECTION, HeaderValue::from_static("close"))
        })?;
        Ok(Self { is_json, bytes })
    }
}

/// Why a body was not read to its end. One that stops coming is no fault in what it says.
fn unread(rejection: &BytesRejection) -> Problem {
    has_stopped(rejection).unwrap_or_else(|| {
        let problem = Problem::new(rejection.status());
        problem.detail(rejection.body_text())
    })
}

/// What is said where a body was not read to its end because it stopped coming.
pub(super) fn has_stopped(error: &(dyn Error + 'static)) -> Option<Problem> {
    let mut causes = successors(Some(error), |&error| error.source());
    let has_stopped = causes.any(|cause| cause.is::<TimeoutError>());
    let problem = Problem::new(StatusCode::REQUEST_TIMEOUT);
    has_stopped.then(|| problem.detail("the rest of the body did not come"))
}

/// `application/json`, or a form of it such as `application/merge-patch+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| {
        let essence = essence.trim().to_ascii_lowercase();
        essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json"))
    })
}
