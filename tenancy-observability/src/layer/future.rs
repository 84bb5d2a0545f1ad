use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::PerformanceBody;
use super::finished::Outcome;
use super::watch::Watch;

pin_project! {
    /// The future of a [`Performance`](super::Performance) service. Dropped, its request was cancelled.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        // First, so that what the request still spends while it is dropped is counted.
        #[pin]
        inner: F,
        watch: Option<Box<Watch>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, watch: Box<Watch>) -> Self {
        let watch = Some(watch);
        Self { inner, watch }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<PerformanceBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // Taken, so that a panic ends it.
        let mut watch = this.watch.take().expect("a finished future is not polled");
        match watch.working(|| this.inner.poll(cx)) {
            Poll::Pending => {
                *this.watch = Some(watch);
                Poll::Pending
            }
            Poll::Ready(Ok(mut response)) => {
                watch.answered(&mut response);
                Poll::Ready(Ok(response.map(|body| PerformanceBody::new(body, watch))))
            }
            Poll::Ready(Err(error)) => {
                watch.finish(Outcome::Failed);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
