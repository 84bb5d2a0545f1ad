use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use pin_project_lite::pin_project;
use tenancy_core::layer::RequestSlot;
use tokio::time::Instant;

pin_project! {
    /// A request's body that notes for how long its client was waited for, so that a
    /// [`PerformanceLayer`](super::PerformanceLayer) outside does not take that for the server's own time.
    ///
    /// [`ReceivedBodyLayer`](super::ReceivedBodyLayer) puts it into bodies that can hold any other. A request
    /// without a body costs nothing by it.
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

/// Where the time for a request's body is noted; nowhere if there is no body, or nobody asks.
fn slot_of<B: Body>(request: &Request<B>) -> Option<&RequestSlot> {
    let slot = request.extensions().get();
    slot.filter(|_| !request.body().is_end_stream())
}

/// The same request, whose body is noted if it is worth it.
pub(super) fn noted<B: Body + From<ReceivedBody<B>>>(request: Request<B>) -> Request<B> {
    match slot_of(&request) {
        Some(_) => ReceivedBody::of(request).map(B::from),
        None => request,
    }
}

impl<B: Body> ReceivedBody<B> {
    /// The same request, whose body is noted.
    pub fn of(request: Request<B>) -> Request<Self> {
        let slot = slot_of(&request).cloned();
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

#[cfg(feature = "axum")]
impl From<ReceivedBody<Self>> for axum::body::Body {
    fn from(body: ReceivedBody<Self>) -> Self {
        Self::new(body)
    }
}

impl<D, E> From<ReceivedBody<Self>> for BoxBody<D, E>
where
    D: Buf + 'static,
    E: 'static,
{
    fn from(body: ReceivedBody<Self>) -> Self {
        Self::new(body)
    }
}

impl<D, E> From<ReceivedBody<Self>> for UnsyncBoxBody<D, E>
where
    D: Buf + 'static,
    E: 'static,
{
    fn from(body: ReceivedBody<Self>) -> Self {
        Self::new(body)
    }
}

impl<B> fmt::Debug for ReceivedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedBody").finish_non_exhaustive()
    }
}
