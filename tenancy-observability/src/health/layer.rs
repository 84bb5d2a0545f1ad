use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::monitor::Health;
use super::report::{Report, Status};

type Admits = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// Answers `/livez`, `/readyz` and `/health` for every host, and hands everything else on.
///
/// Put it outside of layers that redirect, limit, resolve or refuse; a probe that is redirected to HTTPS
/// counts as success with many, for ever.
#[derive(Clone)]
#[must_use]
pub struct HealthLayer {
    health: Health,
    admits: Admits,
}

/// The service that a [`HealthLayer`] makes of another.
#[derive(Clone)]
pub struct HealthService<S> {
    inner: S,
    layer: HealthLayer,
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Full,
    Live,
    Ready,
}

impl HealthLayer {
    /// A layer that tells nobody how the parts are, only the whole.
    pub fn new(health: &Health) -> Self {
        Self {
            health: health.clone(),
            admits: Arc::new(|_| false),
        }
    }

    /// Who may see the parts.
    pub fn details_for(mut self, admits: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.admits = Arc::new(admits);
        self
    }

    fn answer(&self, asked: Asked, parts: &Parts) -> BoxFuture<'static, Response<Bytes>> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return ready(not_allowed()).boxed();
        }
        let health = self.health.clone();
        match asked {
            Asked::Live => ready(respond(&health.live(), false)).boxed(),
            Asked::Ready => async move { respond(&health.ready().await, false) }.boxed(),
            Asked::Full => {
                let details = (self.admits)(parts);
                async move { respond(&health.full().await, details) }.boxed()
            }
        }
    }
}

impl Asked {
    fn at(path: &str) -> Option<Self> {
        match path {
            "/health" => Some(Self::Full),
            "/livez" => Some(Self::Live),
            "/readyz" => Some(Self::Ready),
            _ => None,
        }
    }
}

fn respond(report: &Report, details: bool) -> Response<Bytes> {
    let document = report.to_json(details).to_string();
    let mut response = Response::new(Bytes::from(document));
    *response.status_mut() = report.http_status();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/health+json");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if report.status() == Status::Fail {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn not_allowed() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let allowed = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(ALLOW, allowed);
    response
}

impl<S> Layer<S> for HealthLayer {
    type Service = HealthService<S>;

    fn layer(&self, inner: S) -> HealthService<S> {
        HealthService {
            inner,
            layer: self.clone(),
        }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for HealthService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let source = match Asked::at(request.uri().path()) {
            Some(asked) => {
                let (parts, _) = request.into_parts();
                let answer = self.layer.answer(asked, &parts);
                Source::Health { answer }
            }
            None => {
                let inner = self.inner.call(request);
                Source::Inner { inner }
            }
        };
        ResponseFuture { source }
    }
}

pin_project! {
    /// The response of a [`HealthService`].
    pub struct ResponseFuture<F> {
        #[pin]
        source: Source<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum Source<F> {
        Health { answer: BoxFuture<'static, Response<Bytes>> },
        Inner { #[pin] inner: F },
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: From<Bytes>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().source.project() {
            Projected::Health { answer } => {
                answer.poll_unpin(cx).map(|answer| Ok(answer.map(B::from)))
            }
            Projected::Inner { inner } => inner.poll(cx),
        }
    }
}

impl fmt::Debug for HealthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthLayer")
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug> fmt::Debug for HealthService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
