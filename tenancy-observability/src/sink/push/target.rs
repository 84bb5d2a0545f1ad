use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use crate::metrics::Snapshot;
use crate::sink::line_protocol;
#[cfg(feature = "otlp")]
use crate::sink::otlp::{self, Temporality};

/// What is shorter in a header is no key, and may stand in any sentence.
#[cfg(feature = "otlp")]
const KEY_BYTES_MIN: usize = 8;

/// Where snapshots go, and how they are written.
#[derive(Clone)]
pub struct Target {
    url: Uri,
    headers: HeaderMap,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    LineProtocol,
    #[cfg(feature = "otlp")]
    Otlp {
        service: Box<str>,
        temporality: Temporality,
    },
}

impl Target {
    /// A server that takes lines: `…/api/v2/write?org=…&bucket=…` of InfluxDB, `…/write` of others.
    pub fn line_protocol(url: Uri) -> Self {
        Self::new(url, Form::LineProtocol)
    }

    /// A collector of OpenTelemetry: `…/v1/metrics`. The service is what it calls this program.
    #[cfg(feature = "otlp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp(url: Uri, service: &str, temporality: Temporality) -> Self {
        let service = service.into();
        Self::new(
            url,
            Form::Otlp {
                service,
                temporality,
            },
        )
    }

    fn new(url: Uri, form: Form) -> Self {
        let headers = HeaderMap::new();
        Self { url, headers, form }
    }

    /// Adds a header to every request, such as one with a key. It is not printed.
    #[must_use]
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.headers.insert(name, value);
        self
    }

    /// What it is called among the sinks.
    pub(super) fn name(&self) -> &'static str {
        match self.form {
            Form::LineProtocol => "line_protocol",
            #[cfg(feature = "otlp")]
            Form::Otlp { .. } => "otlp",
        }
    }

    /// The request that sends a snapshot, and how many points it leaves out.
    pub(super) fn request(
        &self,
        snapshot: &Snapshot,
        delivered: Option<&Snapshot>,
    ) -> (Request<Bytes>, u64) {
        let (body, left_out, content_type) = match &self.form {
            Form::LineProtocol => {
                let lines = line_protocol::write(snapshot);
                (
                    lines.text.into(),
                    lines.left_out,
                    "text/plain; charset=utf-8",
                )
            }
            #[cfg(feature = "otlp")]
            Form::Otlp {
                service,
                temporality,
            } => {
                let message = match temporality {
                    Temporality::Cumulative => otlp::write(snapshot, service),
                    Temporality::Delta => otlp::write_since(delivered, snapshot, service),
                };
                (
                    Bytes::from(message.bytes),
                    message.left_out,
                    "application/x-protobuf",
                )
            }
        };
        #[cfg(not(feature = "otlp"))]
        let _ = delivered;
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        request.headers_mut().clone_from(&self.headers);
        let content_type = HeaderValue::from_static(content_type);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        (request, left_out)
    }

    /// How many points of a message that was taken the receiver has refused, and why, by its answer.
    pub(super) fn refused(&self, answer: &[u8]) -> Option<(u64, String)> {
        match &self.form {
            Form::LineProtocol => {
                // There an answer says nothing of points.
                let _ = answer;
                None
            }
            #[cfg(feature = "otlp")]
            Form::Otlp { .. } => {
                let (points, why) = otlp::refused(answer)?;
                Some((u64::try_from(points).unwrap_or(0), self.without_keys(why)))
            }
        }
    }

    /// What a receiver says, without the keys that it was shown.
    #[cfg(feature = "otlp")]
    fn without_keys(&self, said: String) -> String {
        let keys = self.headers.values().filter_map(|value| {
            let key = value.to_str().ok()?.rsplit(' ').next()?;
            (key.len() >= KEY_BYTES_MIN).then_some(key)
        });
        keys.fold(said, |said, key| said.replace(key, "…"))
    }
}

/// Without the query, in which some receivers want a key.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.url.host())
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}
