use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::class::Charge;
use super::decision::Decision;
use super::limiter::RateLimiter;

pin_project! {
    /// The future of a [`RateLimitService`](super::RateLimitService). Dropped, it drops the inner future.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B, E> {
        #[pin]
        state: State<F, B, E>,
    }
}

type Asking<B, E> = Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>>;

pin_project! {
    #[project = StateProjection]
    enum State<F, B, E> {
        Admitted {
            #[pin]
            future: F,
            decision: Decision,
            // Whom to give it back to where only failures are charged.
            refund: Option<RateLimiter>,
        },
        Asking {
            future: Asking<B, E>,
        },
        Refused {
            response: Option<Response<B>>,
        },
    }
}

impl<F, B, E> ResponseFuture<F, B, E> {
    /// Of a request that this process has admitted by what it counted itself.
    pub(super) fn admitted(future: F, decision: Decision, limiter: &RateLimiter) -> Self {
        let is_refundable = decision.class.charge == Charge::OnFailure;
        let refund = is_refundable.then(|| limiter.clone());
        Self {
            state: State::Admitted {
                future,
                decision,
                refund,
            },
        }
    }

    /// Of a request about which the store that processes share is asked first.
    pub(super) fn asking(
        future: impl Future<Output = Result<Response<B>, E>> + Send + 'static,
    ) -> Self {
        let future = Box::pin(future);
        Self {
            state: State::Asking { future },
        }
    }

    pub(super) fn refused(response: Response<B>) -> Self {
        let response = Some(response);
        Self {
            state: State::Refused { response },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted {
                future,
                decision,
                refund,
            } => {
                let mut response = ready!(future.poll(cx))?;
                decision.write_headers(response.headers_mut());
                if let Some(limiter) = refund
                    && decision.class.charge.is_paid_back(&response)
                {
                    limiter.refund_here(decision);
                }
                Poll::Ready(Ok(response))
            }
            StateProjection::Asking { future } => future.as_mut().poll(cx),
            StateProjection::Refused { response } => Poll::Ready(Ok(response
                .take()
                .expect("a finished future is not polled"))),
        }
    }
}

impl<F, B, E> fmt::Debug for ResponseFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
