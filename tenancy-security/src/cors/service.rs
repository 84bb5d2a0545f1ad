use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::future::ResponseFuture;
use super::grant::Grant;
use super::layer::CorsLayer;
use crate::diagnosis::{Part, note};

/// The service that a [`CorsLayer`] makes of another.
#[derive(Clone, Debug)]
pub struct Cors<S> {
    pub(super) inner: S,
    pub(super) layer: CorsLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Cors<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Default,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        note(request.extensions(), Part::Cors, || None);
        let grant = Grant::of(&self.layer, &request);
        match grant.preflight(&request) {
            Some(response) => ResponseFuture::preflight(response),
            None => ResponseFuture::called(self.inner.call(request), grant),
        }
    }
}
