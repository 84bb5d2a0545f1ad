use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::class::Charge;
use super::decision::Decision;
use super::limiter::RateLimiter;

pin_project! {
    /// The future of a request that this process has admitted by what it counted itself. Dropped, it
    /// drops the inner future.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct CountedFuture<F> {
        #[pin]
        future: F,
        decision: Decision,
        // Whom to give it back to where only failures are charged.
        refund: Option<RateLimiter>,
    }
}

impl<F> CountedFuture<F> {
    pub(super) fn new(future: F, decision: Decision, limiter: &RateLimiter) -> Self {
        let is_refundable = decision.charge == Charge::OnFailure;
        let refund = is_refundable.then(|| limiter.clone());
        Self {
            future,
            decision,
            refund,
        }
    }
}

impl<F, B, E> Future for CountedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(cx))?;
        this.decision.write_headers(response.headers_mut());
        if let Some(limiter) = this.refund
            && this.decision.charge.is_paid_back(&response)
        {
            limiter.refund_here(this.decision);
        }
        Poll::Ready(Ok(response))
    }
}
