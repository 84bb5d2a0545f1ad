use std::task::{Context, Poll};

use http::{Request, Response};
use tenancy_core::problem::{Problem, Refuse};
use tower_service::Service;

use super::layer::BlockLayer;
use crate::admission::ResponseFuture;

/// The service that a [`BlockLayer`] makes of another.
#[derive(Clone, Debug)]
pub struct BlockService<S, R> {
    pub(super) inner: S,
    pub(super) layer: BlockLayer<R>,
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for BlockService<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Refuse<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let Some(blocked) = self.layer.check(&parts) else {
            let request = Request::from_parts(parts, body);
            return ResponseFuture::admitted(self.inner.call(request), ());
        };
        let refuse = &self.layer.refuse;
        let mut response = refuse.refuse(&Problem::from(&blocked), &parts);
        response.extensions_mut().insert(blocked);
        ResponseFuture::refused(response)
    }
}
