use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tenancy_core::problem::Refuse;

use super::finish::Finish;

pin_project! {
    /// The future of a [`SecurityHeaders`](super::SecurityHeaders) service.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, R> {
        #[pin]
        state: State<F>,
        finish: Option<Finish<R>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Called {
            #[pin]
            future: F,
        },
        Panicked {
            panic: Box<dyn Any + Send>,
        },
    }
}

impl<F, R> ResponseFuture<F, R> {
    pub(super) fn new(future: F, finish: Finish<R>) -> Self {
        Self {
            state: State::Called { future },
            finish: Some(finish),
        }
    }

    pub(super) fn panicked(panic: Box<dyn Any + Send>, finish: Finish<R>) -> Self {
        Self {
            state: State::Panicked { panic },
            finish: Some(finish),
        }
    }
}

impl<F, R, B, E> Future for ResponseFuture<F, R>
where
    F: Future<Output = Result<Response<B>, E>>,
    R: Refuse<B>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut finish = || this.finish.take().expect("a finished future is not polled");
        match this.state.project() {
            StateProjection::Called { future } => {
                // The future is not polled again after a panic.
                match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
                    Ok(polled) => {
                        let response = ready!(polled)?;
                        Poll::Ready(Ok(finish().answered(response)))
                    }
                    Err(panic) => Poll::Ready(Ok(finish().panicked(&*panic))),
                }
            }
            StateProjection::Panicked { panic } => Poll::Ready(Ok(finish().panicked(&**panic))),
        }
    }
}

impl<F, R> fmt::Debug for ResponseFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
