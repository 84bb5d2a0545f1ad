use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::body::PerformanceBody;
use super::future::ResponseFuture;
use super::performance_layer::PerformanceLayer;
use super::watch::Watch;

/// The service that a [`PerformanceLayer`] makes of another.
#[derive(Clone, Debug)]
pub struct Performance<S> {
    pub(super) inner: S,
    pub(super) layer: PerformanceLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Performance<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: http_body::Body,
{
    type Response = Response<PerformanceBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut watch = Watch::begin(&self.layer, &mut request);
        let future = watch.working(|| self.inner.call(request));
        ResponseFuture::new(future, watch)
    }
}
