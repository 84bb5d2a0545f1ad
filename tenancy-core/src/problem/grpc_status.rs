use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Problem, Refuse};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// What `grpc-message` percent-encodes, besides everything outside ASCII (gRPC over HTTP/2,
/// "Responses").
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// Refuses as gRPC does: a response of headers only, with `grpc-status` and `grpc-message`.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrpcStatus;

impl<B: Default> Refuse<B> for GrpcStatus {
    fn refuse(&self, problem: &Problem, _request: &Parts) -> Response<B> {
        let mut response = Response::new(B::default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(GRPC_STATUS, HeaderValue::from(code(problem.status())));
        let message = utf8_percent_encode(problem.message(), ENCODED).to_string();
        if let Ok(message) = HeaderValue::try_from(message) {
            headers.insert(GRPC_MESSAGE, message);
        }
        headers.extend(problem.headers().iter().cloned());
        response
    }
}

/// The canonical code (google.rpc.Code) nearest to an HTTP status.
fn code(status: StatusCode) -> u16 {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => 3, // INVALID_ARGUMENT
        StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => 4,  // DEADLINE_EXCEEDED
        StatusCode::NOT_FOUND => 5,                                      // NOT_FOUND
        StatusCode::FORBIDDEN => 7,                                      // PERMISSION_DENIED
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => 8, // RESOURCE_EXHAUSTED
        StatusCode::GONE | StatusCode::PRECONDITION_FAILED => 9,         // FAILED_PRECONDITION
        StatusCode::CONFLICT => 10,                                      // ABORTED
        StatusCode::SERVICE_UNAVAILABLE => 14,                           // UNAVAILABLE
        StatusCode::UNAUTHORIZED => 16,                                  // UNAUTHENTICATED
        _ => 13,                                                         // INTERNAL
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_refusal_is_headers_only_and_its_message_is_encoded() {
        let (request, ()) = Request::new(()).into_parts();
        let problem = Problem::new(StatusCode::FORBIDDEN).detail("100 % geschloßen\n");
        let response: Response<()> = GrpcStatus.refuse(&problem, &request);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["grpc-status"], "7");
        assert_eq!(
            response.headers()["grpc-message"],
            "100 %25 geschlo%C3%9Fen%0A"
        );
    }
}
