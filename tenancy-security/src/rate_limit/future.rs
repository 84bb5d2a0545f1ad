use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;

/// The future of a [`RateLimitService`](super::RateLimitService). Dropped, it drops the inner future.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<B, E>(
    pub(super) Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>>,
);

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
