use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderName;
use http::header::HeaderValue;
use tenancy_core::layer::RequestId;
use tracing::{Instrument as _, field};

/// Where a client reads the id that the log and the journal know its request by.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives each request an id, which its log lines, its journal entries and its response carry.
pub(super) async fn trace(mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId::generate();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = %request.method(),
        path = request.uri().path(),
        trace_id = field::Empty,
    );
    request.extensions_mut().insert(id.clone());
    let mut response = async {
        let response = next.run(request).await;
        let (status, elapsed) = (response.status().as_u16(), began.elapsed());
        tracing::debug!(status, ?elapsed, "answered");
        response
    }
    .instrument(span)
    .await;
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}
