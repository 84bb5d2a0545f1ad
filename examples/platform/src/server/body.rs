use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};
use tower_http::timeout::TimeoutBody;

/// A request's body whose parts come in time, and which knows still how long it was said to be.
struct Bounded {
    inner: Pin<Box<TimeoutBody<axum::body::Body>>>,
    left: SizeHint,
}

/// Bounds the wait for each part of a body, which is the client's time and not the server's.
pub(super) async fn bound_body(
    State(time): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let request = request.map(|body| {
        let left = body.size_hint();
        let inner = Box::pin(TimeoutBody::new(time, body));
        axum::body::Body::new(Bounded { inner, left })
    });
    next.run(request).await
}

impl hyper::body::Body for Bounded {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let frame = ready!(self.inner.as_mut().poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && let Some(left) = self.left.exact()
        {
            let read = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.left = SizeHint::with_exact(left.saturating_sub(read));
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.left
    }
}
