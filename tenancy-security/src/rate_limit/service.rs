use std::fmt;
use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tenancy_core::layer::ResponseFuture;
use tenancy_core::problem::Refuse;
use tower_service::Service;

use super::class::Charge;
use super::layer::RateLimitLayer;

/// The service that a [`RateLimitLayer`] makes of another.
pub struct RateLimitService<S, R> {
    pub(super) inner: S,
    pub(super) layer: RateLimitLayer<R>,
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RateLimitService<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    ReqBody: Send + 'static,
    ResBody: Send + 'static,
    R: Refuse<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let layer = self.layer.clone();
        ResponseFuture::new(async move {
            let (parts, body) = request.into_parts();
            let decision = layer.check(&parts).await;
            if let Some(problem) = decision.problem() {
                let mut response = layer.refuse.refuse(&problem, &parts);
                decision.write_headers(response.headers_mut());
                response.extensions_mut().insert(decision);
                return Ok(response);
            }
            let mut response = inner.call(Request::from_parts(parts, body)).await?;
            decision.write_headers(response.headers_mut());
            let is_failure = response.status().is_client_error();
            if decision.class.charge == Charge::OnFailure && !is_failure {
                layer.limiter.refund(&decision).await;
            }
            Ok(response)
        })
    }
}

impl<S: Clone, R> Clone for RateLimitService<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for RateLimitService<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
