use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use sentry::client_report::Reason;
use sentry::transports::{RateLimiter, TokioTransportThread, TokioTransportThreadOptions};
use sentry::{Envelope, Transport, TransportFactory, TransportOptions};

use crate::outgoing::{Call, SlowOutgoing};

/// How long one event may take. Sentry's own transport would wait for ever, and its end as long.
const TIME_OUT: Duration = Duration::from_secs(5);

const AUTH: HeaderName = HeaderName::from_static("x-sentry-auth");
const RATE_LIMITS: HeaderName = HeaderName::from_static("x-sentry-rate-limits");

/// Makes transports that give up, and say how long Sentry took.
#[derive(Clone)]
pub(super) struct Transports {
    client: Client,
    outgoing: Option<SlowOutgoing>,
}

/// Sends in a thread of its own.
struct Sender(TokioTransportThread);

impl Transports {
    pub(super) fn new(outgoing: Option<SlowOutgoing>) -> reqwest::Result<Self> {
        let client = Client::builder().timeout(TIME_OUT);
        let client = client.redirect(Policy::none()).build()?;
        Ok(Self { client, outgoing })
    }

    fn hear(&self, host: &str, status: Option<StatusCode>, time: Duration) {
        if let Some(outgoing) = &self.outgoing {
            outgoing.hear(&Call {
                method: "POST",
                host,
                status: status.map(|status| status.as_u16()),
                failed: status.is_none_or(|status| status.is_server_error()),
                time,
            });
        }
    }
}

impl TransportFactory for Transports {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        let transports = self.clone();
        let auth = options.dsn.to_auth(Some(&options.user_agent)).to_string();
        let url = options.dsn.envelope_api_url();
        let host = match url.port() {
            Some(port) => format!("{}:{port}", options.dsn.host()),
            None => options.dsn.host().to_owned(),
        };
        let lost = options.client_report_recorder.clone();
        let send = move |envelope: Envelope, mut limits: RateLimiter| {
            let mut body = Vec::new();
            let written = envelope.to_writer(&mut body);
            let request = transports.client.post(url.clone()).header(AUTH, &auth);
            let (transports, host, lost) = (transports.clone(), host.clone(), lost.clone());
            async move {
                if written.is_err() {
                    lost.record_lost_data(&envelope, Reason::InternalError);
                    return limits;
                }
                let began = Instant::now();
                let answer = exchange(request.body(body)).await;
                let status = answer.as_ref().ok().map(|(status, _)| *status);
                transports.hear(&host, status, began.elapsed());
                match answer {
                    Ok((status, headers)) => {
                        heed(&mut limits, status, &headers);
                        let is_refusal = status.is_client_error() || status.is_server_error();
                        // What there was too much of, Sentry has counted itself.
                        if is_refusal && status != StatusCode::TOO_MANY_REQUESTS {
                            lost.record_lost_data(&envelope, Reason::SendError);
                        }
                    }
                    Err(_) => lost.record_lost_data(&envelope, Reason::NetworkError),
                }
                limits
            }
        };
        let thread = TokioTransportThreadOptions::new(send)
            .with_client_report_recorder(options.client_report_recorder)
            .spawn_thread();
        Arc::new(Sender(thread))
    }
}

/// Reads the whole answer, so that the connection serves again, and keeps its head.
async fn exchange(request: RequestBuilder) -> reqwest::Result<(StatusCode, HeaderMap)> {
    let answer = request.send().await?;
    let head = (answer.status(), answer.headers().clone());
    answer.bytes().await?;
    Ok(head)
}

/// Sends less for as long as Sentry asks for it.
fn heed(limits: &mut RateLimiter, status: StatusCode, headers: &HeaderMap) {
    let said = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(of_kinds) = said(&RATE_LIMITS) {
        limits.update_from_sentry_header(of_kinds);
    } else if let Some(of_all) = said(&RETRY_AFTER) {
        limits.update_from_retry_after(of_all);
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        limits.update_from_429();
    }
}

impl Transport for Sender {
    fn send_envelope(&self, envelope: Envelope) {
        self.0.send(envelope);
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.0.flush(timeout)
    }

    fn shutdown(&self, timeout: Duration) -> bool {
        self.flush(timeout)
    }
}
