use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::config::Http;

/// How much a request may say before its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadLimits {
    bytes_max: usize,
    headers_max: usize,
}

impl HeadLimits {
    pub(super) fn of(http: &Http) -> Self {
        Self {
            bytes_max: http.header_bytes_max.count(),
            headers_max: http.headers_max.count(),
        }
    }

    fn admit(self, request: &Request) -> bool {
        // Each line has a colon, a space and its end.
        let lines = request.headers().iter();
        let lines = lines.map(|(name, value)| name.as_str().len() + value.len() + 4);
        let target = request.uri().path_and_query();
        let target = target.map_or(0, |target| target.as_str().len());
        let bytes = lines.sum::<usize>() + target;
        request.headers().len() <= self.headers_max && bytes <= self.bytes_max
    }
}

/// Refuses a request that says too much, such as the cookies of a browser that never forgets any.
pub(super) async fn bound_head(
    State(limits): State<HeadLimits>,
    request: Request,
    next: Next,
) -> Response {
    if limits.admit(&request) {
        next.run(request).await
    } else {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response()
    }
}
