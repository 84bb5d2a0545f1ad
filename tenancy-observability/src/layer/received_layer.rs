use std::task::{Context, Poll};

use http::Request;
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::received::{ReceivedBody, noted};

/// Notes for how long a client was waited for while it sent its request's body.
///
/// It stands inside of the [`PerformanceLayer`](super::PerformanceLayer), else it does nothing, and outside of
/// everything that reads bodies. Requests keep their type, so it is for bodies that can hold any other: axum's,
/// with the feature `axum`, the boxed ones of `http_body_util`, and an application's own with
/// `From<ReceivedBody<Self>>`. Whoever has another, such as hyper's under plain tower, writes
/// `MapRequestLayer::new(ReceivedBody::of)` of tower in its place, and services inside of it get a
/// [`ReceivedBody`]; or boxes bodies further out, with
/// `MapRequestLayer::new(|request: Request<Incoming>| request.map(BoxBody::new))`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{convert::Infallible, time::Duration};
///
/// use bytes::Bytes;
/// use futures_util::{StreamExt, stream};
/// use http::{Request, Response};
/// use http_body::Frame;
/// use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
/// use tenancy_observability::layer::{PerformanceLayer, ReceivedBodyLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// let shop = service_fn(async |request: Request<BoxBody<Bytes, Infallible>>| {
///     let order = request.into_body().collect().await?.to_bytes();
///     Ok::<_, Infallible>(Response::new(Full::new(order)))
/// });
/// let shop = ServiceBuilder::new()
///     .layer(PerformanceLayer::new().show_timing(|_| true))
///     .layer(ReceivedBodyLayer)
///     .service(shop);
///
/// let slow = stream::once(tokio::time::sleep(Duration::from_secs(10)));
/// let slow = slow.map(|()| Ok(Frame::data(Bytes::from("two lamps"))));
/// let request = Request::post("/orders").body(BoxBody::new(StreamBody::new(slow)))?;
/// let response = shop.oneshot(request).await?;
/// let timing = response.headers()["server-timing"].to_str()?;
/// assert!(timing.ends_with("wait;dur=0.000, client;dur=10000.000"), "{timing}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ReceivedBodyLayer;

/// What a [`ReceivedBodyLayer`] makes.
#[derive(Clone, Debug)]
pub struct NoteReceived<S> {
    inner: S,
}

impl<S> Layer<S> for ReceivedBodyLayer {
    type Service = NoteReceived<S>;

    fn layer(&self, inner: S) -> Self::Service {
        NoteReceived { inner }
    }
}

impl<S, B> Service<Request<B>> for NoteReceived<S>
where
    S: Service<Request<B>>,
    B: Body + From<ReceivedBody<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        self.inner.call(noted(request))
    }
}
