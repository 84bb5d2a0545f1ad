use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The future of a service that may have to wait before it decides whether to let a request through:
    /// for the request's body, or for another server's word. Dropped, it drops both and the inner future.
    #[must_use = "futures do nothing unless polled"]
    pub struct DecidingFuture<F, B, E> {
        #[pin]
        state: State<F, B, E>,
    }
}

type Deciding<B, E> = Pin<Box<dyn Future<Output = Result<Response<B>, E>> + Send>>;

pin_project! {
    #[project = StateProjection]
    enum State<F, B, E> {
        Admitted {
            #[pin]
            future: F,
        },
        Deciding {
            future: Deciding<B, E>,
        },
        Refused {
            response: Option<Response<B>>,
        },
    }
}

impl<F, B, E> DecidingFuture<F, B, E> {
    pub(crate) fn admitted(future: F) -> Self {
        Self {
            state: State::Admitted { future },
        }
    }

    pub(crate) fn deciding(
        future: impl Future<Output = Result<Response<B>, E>> + Send + 'static,
    ) -> Self {
        let future = Box::pin(future);
        Self {
            state: State::Deciding { future },
        }
    }

    pub(crate) fn refused(response: Response<B>) -> Self {
        let response = Some(response);
        Self {
            state: State::Refused { response },
        }
    }
}

impl<F, B, E> Future for DecidingFuture<F, B, E>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Admitted { future } => future.poll(cx),
            StateProjection::Deciding { future } => future.as_mut().poll(cx),
            StateProjection::Refused { response } => Poll::Ready(Ok(response
                .take()
                .expect("a finished future is not polled"))),
        }
    }
}

impl<F, B, E> fmt::Debug for DecidingFuture<F, B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecidingFuture").finish_non_exhaustive()
    }
}
