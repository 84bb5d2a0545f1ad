use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::grant::Grant;

pin_project! {
    /// The future of a [`Cors`](super::Cors) service.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Called {
            #[pin]
            future: F,
            grant: Grant,
        },
        Preflight {
            response: Option<Response<B>>,
        },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) fn called(future: F, grant: Grant) -> Self {
        Self {
            state: State::Called { future, grant },
        }
    }

    pub(super) fn preflight(response: Response<B>) -> Self {
        let response = Some(response);
        Self {
            state: State::Preflight { response },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Called { future, grant } => {
                let mut response = ready!(future.poll(cx))?;
                grant.answered(response.headers_mut());
                Poll::Ready(Ok(response))
            }
            StateProjection::Preflight { response } => Poll::Ready(Ok(response
                .take()
                .expect("a finished future is not polled"))),
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
