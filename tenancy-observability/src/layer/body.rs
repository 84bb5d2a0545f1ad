use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::finished::Outcome;
use super::watch::Watch;

pin_project! {
    /// The body of an answer. With it the request ends.
    pub struct PerformanceBody<B> {
        #[pin]
        inner: B,
        // Dropped after what it watches.
        watch: Option<Box<Watch>>,
    }
}

impl<B: Body> PerformanceBody<B> {
    pub(super) fn new(inner: B, watch: Box<Watch>) -> Self {
        let ends_here = inner.is_end_stream() || !watch.awaits_body();
        let mut body = Self {
            inner,
            watch: Some(watch),
        };
        if ends_here {
            body.end(Outcome::Answered);
        }
        body
    }
}

impl<B> PerformanceBody<B> {
    fn end(&mut self, outcome: Outcome) {
        if let Some(watch) = self.watch.take() {
            watch.finish(outcome);
        }
    }
}

impl<B: Body> Body for PerformanceBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut watch) = this.watch.take() else {
            return this.inner.poll_frame(cx);
        };
        let polled = watch.working(|| this.inner.as_mut().poll_frame(cx));
        let ended = match &polled {
            Poll::Pending => None,
            Poll::Ready(None) => Some(Outcome::Answered),
            Poll::Ready(Some(Err(_))) => Some(Outcome::Failed),
            Poll::Ready(Some(Ok(frame))) => {
                watch.handed(frame.data_ref().map_or(0, Buf::remaining));
                // A server need not ask again.
                this.inner.is_end_stream().then_some(Outcome::Answered)
            }
        };
        match ended {
            Some(outcome) => watch.finish(outcome),
            None => *this.watch = Some(watch),
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

impl<B> fmt::Debug for PerformanceBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerformanceBody").finish_non_exhaustive()
    }
}
