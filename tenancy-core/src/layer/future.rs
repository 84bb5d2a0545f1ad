use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;

/// The future of a [`TenantService`](super::TenantService), and of any layer that has to wait before
/// it lets a request through. Dropped, it drops the inner future.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<B, E>(Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>>);

impl<B, E> ResponseFuture<B, E> {
    /// A future of what a layer does with one request.
    pub fn new(work: impl Future<Output = Result<Response<B>, E>> + Send + 'static) -> Self {
        Self(Box::pin(work))
    }
}

impl<B, E> Future for ResponseFuture<B, E> {
    type Output = Result<Response<B>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<B, E> fmt::Debug for ResponseFuture<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
