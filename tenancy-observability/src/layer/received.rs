use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tenancy_core::layer::RequestSlot;
use tokio::time::Instant;

pin_project! {
    /// A request's body that notes for how long its client was waited for, so that a
    /// [`PerformanceLayer`](super::PerformanceLayer) outside does not take that for the server's own time.
    ///
    /// As a layer it is `MapRequestLayer::new(ReceivedBody::of)`, inside of the performance layer and outside
    /// of everything that reads bodies. A request without a body costs nothing by it.
    pub struct ReceivedBody<B> {
        #[pin]
        inner: B,
        wait: Wait,
    }
}

/// A wait for more, and where its time is noted.
struct Wait {
    /// None where nothing is waited for, or nobody asks for how long.
    slot: Option<RequestSlot>,
    since: Option<Instant>,
}

impl<B: Body> ReceivedBody<B> {
    /// The same request, whose body is noted.
    pub fn of(request: Request<B>) -> Request<Self> {
        let slot = request.extensions().get::<RequestSlot>();
        let slot = slot.filter(|_| !request.body().is_end_stream()).cloned();
        let since = None;
        request.map(|inner| Self {
            inner,
            wait: Wait { slot, since },
        })
    }
}

impl Wait {
    fn begin(&mut self) {
        if self.slot.is_some() {
            self.since.get_or_insert_with(Instant::now);
        }
    }

    fn end(&mut self) {
        if let (Some(slot), Some(since)) = (&self.slot, self.since.take()) {
            slot.add_client_time(since.elapsed());
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        // Nobody waits any longer, since time was up or the client went away.
        self.end();
    }
}

impl<B: Body> Body for ReceivedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let polled = this.inner.poll_frame(cx);
        match polled {
            Poll::Pending => this.wait.begin(),
            Poll::Ready(_) => this.wait.end(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> fmt::Debug for ReceivedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedBody").finish_non_exhaustive()
    }
}
