use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::shedder::Place;

pin_project! {
    /// The future of a [`LoadShedService`](super::LoadShedService). Dropped, it drops the inner
    /// future and gives the place back.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Admitted {
            #[pin]
            future: F,
            place: Option<Place>,
        },
        Refused {
            response: Option<Response<B>>,
        },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) fn admitted(future: F, place: Place) -> Self {
        let place = Some(place);
        Self {
            state: State::Admitted { future, place },
        }
    }

    pub(super) fn refused(response: Response<B>) -> Self {
        let response = Some(response);
        Self {
            state: State::Refused { response },
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
            StateProjection::Admitted { future, place } => {
                let answer = ready!(future.poll(cx));
                place.take();
                Poll::Ready(answer)
            }
            StateProjection::Refused { response } => {
                let response = response.take().expect("it is not polled after it is ready");
                Poll::Ready(Ok(response))
            }
        }
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
