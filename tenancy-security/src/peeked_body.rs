use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A request's body, the beginning of which a layer may have read already.
    ///
    /// It is the same to whoever reads it: the same bytes, trailers and error.
    pub struct PeekedBody<B>
    where
        B: Body,
    {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B>
    where
        B: Body,
    {
        Peeked {
            beginning: Bytes,
            next: Option<Result<HeaderMap, B::Error>>,
            rest: Pin<Box<B>>,
        },
        Untouched {
            #[pin]
            body: B,
        },
    }
}

impl<B: Body> PeekedBody<B> {
    pub(crate) fn untouched(body: B) -> Self {
        Self {
            state: State::Untouched { body },
        }
    }

    /// A body of which the beginning was read, and the trailers or the error after it, if they were.
    pub(crate) fn peeked(
        beginning: Bytes,
        next: Option<Result<HeaderMap, B::Error>>,
        rest: Pin<Box<B>>,
    ) -> Self {
        Self {
            state: State::Peeked {
                beginning,
                next,
                rest,
            },
        }
    }
}

impl<B: Body<Data = Bytes>> Body for PeekedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().state.project() {
            StateProjection::Peeked {
                beginning,
                next,
                rest,
            } => {
                if !beginning.is_empty() {
                    let frame = Frame::data(std::mem::take(beginning));
                    return Poll::Ready(Some(Ok(frame)));
                }
                if let Some(next) = next.take() {
                    return Poll::Ready(Some(next.map(Frame::trailers)));
                }
                rest.as_mut().poll_frame(cx)
            }
            StateProjection::Untouched { body } => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Peeked {
                beginning,
                next,
                rest,
            } => beginning.is_empty() && next.is_none() && rest.is_end_stream(),
            State::Untouched { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Peeked {
                beginning, rest, ..
            } => {
                let read = beginning.len() as u64;
                let rest = rest.size_hint();
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(read));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(read));
                }
                hint
            }
            State::Untouched { body } => body.size_hint(),
        }
    }
}

/// An empty body.
impl<B: Body + Default> Default for PeekedBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B: Body> fmt::Debug for PeekedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeekedBody").finish_non_exhaustive()
    }
}
