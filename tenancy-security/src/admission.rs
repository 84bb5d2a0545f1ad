use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The future of a service that decides at once whether a request goes on. Dropped, it drops the
    /// inner future.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B, G = ()> {
        #[pin]
        state: State<F, B, G>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B, G> {
        Admitted {
            #[pin]
            future: F,
            guard: Option<G>,
        },
        Refused {
            response: Option<Response<B>>,
        },
    }
}

impl<F, B, G> ResponseFuture<F, B, G> {
    /// The guard is dropped with the future, or as soon as there is a response.
    pub(crate) fn admitted(future: F, guard: G) -> Self {
        let guard = Some(guard);
        Self {
            state: State::Admitted { future, guard },
        }
    }

    pub(crate) fn refused(response: Response<B>) -> Self {
        let response = Some(response);
        Self {
            state: State::Refused { response },
        }
    }
}

impl<F, B, E, G> Future for ResponseFuture<F, B, G>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted { future, guard } => {
                let answer = ready!(future.poll(cx));
                guard.take();
                Poll::Ready(answer)
            }
            StateProjection::Refused { response } => {
                let response = response.take();
                Poll::Ready(Ok(response.expect("it is not polled after it is ready")))
            }
        }
    }
}

impl<F, B, G> fmt::Debug for ResponseFuture<F, B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
