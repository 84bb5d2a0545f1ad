use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tenancy_core::TenantScope;
use tenancy_core::layer::ResponseFuture;
use tenancy_core::problem::{Problem, ProblemJson, Refuse as _};
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::report::{CspReport, ReportSink};

const BODY_BYTES_MAX: usize = 16 * 1024;

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(5);

/// How many requests are read at once after a quiet time.
const BURST: u32 = 50;

/// How long it takes until one more is read.
const EVERY: Duration = Duration::from_millis(100);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The service that browsers send their reports to; see
/// [`Policy::report_to`](super::Policy::report_to).
///
/// Anybody can send anything to it, so it reads little: `POST`s of at most 16 KiB with a media type of
/// reports, at most ten a second in each process and fifty at once, and of each no more than twenty
/// reports. What is more is refused and not counted anywhere.
pub struct CspReports<K> {
    shared: Arc<Shared<K>>,
}

struct Shared<K> {
    sink: K,
    /// When as many requests as have been read would have been, one [`EVERY`] so long.
    paid_until: Mutex<Option<Instant>>, // std's: never held across an await
}

impl<K: ReportSink> CspReports<K> {
    /// Hands reports to this sink.
    pub fn new(sink: K) -> Self {
        Self {
            shared: Arc::new(Shared {
                sink,
                paid_until: Mutex::new(None),
            }),
        }
    }
}

impl<K: ReportSink> Shared<K> {
    async fn receive<B>(&self, parts: &Parts, body: B) -> Result<(), Problem>
    where
        B: Body<Data = Bytes, Error: Into<Error>>,
    {
        if parts.method != Method::POST {
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED);
            return Err(problem.header(ALLOW, HeaderValue::from_static("POST")));
        }
        if !is_report(parts) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        if !self.has_time() {
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS));
        }
        let body = Limited::new(body, BODY_BYTES_MAX).collect();
        let body = match timeout(BODY_TIME, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE));
            }
            Ok(Err(_)) => return Err(Problem::new(StatusCode::BAD_REQUEST)),
            Err(_) => return Err(Problem::new(StatusCode::REQUEST_TIMEOUT)),
        };
        let reports = CspReport::read(&body).ok_or(Problem::new(StatusCode::BAD_REQUEST))?;
        let tenant = parts.extensions.get().map(TenantScope::tenant_id);
        for report in reports {
            self.sink.report(CspReport { tenant, ..report });
        }
        Ok(())
    }

    /// Whether one more request may be read now.
    fn has_time(&self) -> bool {
        let now = Instant::now();
        // The critical section is one assignment, so a poisoned time is still whole.
        let mut paid_until = self
            .paid_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let next = paid_until.map_or(now, |until| until.max(now)) + EVERY;
        if next > now + EVERY * BURST {
            return false;
        }
        *paid_until = Some(next);
        true
    }
}

fn is_report(parts: &Parts) -> bool {
    let content_type = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| {
        ["application/csp-report", "application/reports+json"]
            .iter()
            .any(|report| media_type.trim().eq_ignore_ascii_case(report))
    })
}

impl<K, B> Service<Request<B>> for CspReports<K>
where
    K: ReportSink,
    B: Body<Data = Bytes, Error: Into<Error>> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture<Full<Bytes>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        ResponseFuture::new(async move {
            let (parts, body) = request.into_parts();
            Ok(match shared.receive(&parts, body).await {
                Ok(()) => {
                    let mut response = Response::default();
                    *response.status_mut() = StatusCode::NO_CONTENT;
                    response
                }
                Err(problem) => ProblemJson.refuse(&problem, &parts),
            })
        })
    }
}

impl<K> Clone for CspReports<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K> fmt::Debug for CspReports<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CspReports").finish_non_exhaustive()
    }
}
