use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::Problem;

/// Makes the response to a request that a layer does not let through.
///
/// The implementation chooses the form only: status, wait and reason are the problem's. A closure
/// `Fn(&Problem, &Parts) -> Response<B>` is one.
pub trait Refuse<B>: Send + Sync + 'static {
    /// The response to this request.
    fn refuse(&self, problem: &Problem, request: &Parts) -> Response<B>;
}

impl<B, F> Refuse<B> for F
where
    F: Fn(&Problem, &Parts) -> Response<B> + Send + Sync + 'static,
{
    fn refuse(&self, problem: &Problem, request: &Parts) -> Response<B> {
        self(problem, request)
    }
}

/// Refuses with `application/problem+json` (RFC 9457).
#[derive(Clone, Copy, Debug, Default)]
pub struct ProblemJson;

impl<B: From<Bytes>> Refuse<B> for ProblemJson {
    fn refuse(&self, problem: &Problem, _request: &Parts) -> Response<B> {
        problem.clone().into_http()
    }
}
