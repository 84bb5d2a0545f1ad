use std::fmt;
use std::mem;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use tenancy_core::problem::Refuse;
use tower_service::Service;

use super::decision::Decision;
use super::future::CountedFuture;
use super::layer::RateLimitLayer;
use crate::deciding_future::DecidingFuture;

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
    type Future = DecidingFuture<CountedFuture<S::Future>, ResBody, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (parts, body) = request.into_parts();
        // What need not be waited for costs neither a clone of the services further in nor a box.
        if !self.layer.limiter.is_shared() {
            let decision = self.layer.check_here(&parts);
            return match self.layer.refusal(decision, &parts) {
                Ok(decision) => {
                    let future = self.inner.call(Request::from_parts(parts, body));
                    let counted = CountedFuture::new(future, decision, &self.layer.limiter);
                    DecidingFuture::admitted(counted)
                }
                Err(response) => DecidingFuture::refused(response),
            };
        }
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let layer = self.layer.clone();
        DecidingFuture::deciding(async move {
            let decision = layer.check(&parts).await;
            let decision = match layer.refusal(decision, &parts) {
                Ok(decision) => decision,
                Err(response) => return Ok(response),
            };
            let mut response = inner.call(Request::from_parts(parts, body)).await?;
            decision.write_headers(response.headers_mut());
            if decision.charge.is_paid_back(&response) {
                layer.limiter.refund(&decision).await;
            }
            Ok(response)
        })
    }
}

impl<R> RateLimitLayer<R> {
    /// The response to a request that was not admitted.
    fn refusal<B>(&self, decision: Decision, request: &Parts) -> Result<Decision, Response<B>>
    where
        R: Refuse<B>,
    {
        let Some(problem) = decision.problem() else {
            return Ok(decision);
        };
        let mut response = self.refuse.refuse(&problem, request);
        decision.write_headers(response.headers_mut());
        response.extensions_mut().insert(decision);
        Err(response)
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
