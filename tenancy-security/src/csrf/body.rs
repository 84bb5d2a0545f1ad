use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// A request's body, the beginning of which may have been read already to find a form's token.
    pub struct PeekedBody<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B> {
        Peeked {
            beginning: Bytes,
            trailers: Option<HeaderMap>,
            rest: Pin<Box<B>>,
        },
        Untouched {
            #[pin]
            body: B,
        },
    }
}

impl<B> PeekedBody<B> {
    pub(super) fn untouched(body: B) -> Self {
        Self {
            state: State::Untouched { body },
        }
    }

    pub(super) fn peeked(beginning: Bytes, trailers: Option<HeaderMap>, rest: Pin<Box<B>>) -> Self {
        Self {
            state: State::Peeked {
                beginning,
                trailers,
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
                trailers,
                rest,
            } => {
                if !beginning.is_empty() {
                    let frame = Frame::data(std::mem::take(beginning));
                    return Poll::Ready(Some(Ok(frame)));
                }
                if let Some(trailers) = trailers.take() {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
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
                trailers,
                rest,
            } => beginning.is_empty() && trailers.is_none() && rest.is_end_stream(),
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
impl<B: Default> Default for PeekedBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B> fmt::Debug for PeekedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeekedBody").finish_non_exhaustive()
    }
}
