use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde::Serialize;
use tenancy_core::json;
use tenancy_core::sql::Reply;

/// What tells a client that this answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The answer to a change that succeeded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer(Reply);

impl Answer {
    /// 200 with the record as it is now.
    pub(super) fn changed(record: &impl Serialize) -> Self {
        Self::with(StatusCode::OK, record)
    }

    /// 201 with the new record, found at `location` from now on.
    pub(super) fn created(location: String, record: &impl Serialize) -> Self {
        let mut answer = Self::with(StatusCode::CREATED, record);
        answer
            .0
            .headers
            .push((LOCATION.as_str().to_owned(), location));
        answer
    }

    /// 204: the record is gone.
    pub(super) fn deleted() -> Self {
        Self(Reply {
            status: StatusCode::NO_CONTENT.as_u16(),
            headers: vec![],
            body: vec![],
        })
    }

    fn with(status: StatusCode, record: &impl Serialize) -> Self {
        Self(Reply {
            status: status.as_u16(),
            headers: vec![(
                CONTENT_TYPE.as_str().to_owned(),
                "application/json".to_owned(),
            )],
            body: json::to_vec(record).expect("a record is plain data"),
        })
    }

    /// What is kept for repetitions of the request.
    pub(super) fn reply(&self) -> &Reply {
        &self.0
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        respond(self.0)
    }
}

/// The answer that was given to this request before.
pub(super) fn replay(reply: Reply) -> Response {
    let mut response = respond(reply);
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Whether the answer was given before.
pub(super) fn is_replay(answer: &Response) -> bool {
    answer.headers().contains_key(REPLAYED)
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    if let Ok(status) = StatusCode::from_u16(reply.status) {
        *response.status_mut() = status;
    }
    let headers = response.headers_mut();
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
