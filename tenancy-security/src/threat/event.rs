use std::net::IpAddr;

use http::request::Parts;
use jiff::Timestamp;
use serde::Serialize;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::layer::RequestId;
use tenancy_core::log_throttle::LogThrottle;
use tenancy_core::{TenantId, TenantScope};

use super::finding::{Finding, Place, Severity, ThreatKind};

/// The longest path of an event, in bytes.
const PATH_BYTES_MAX: usize = 200;

/// The longest segment of a path that is shown, in bytes: a UUID's length.
const SEGMENT_BYTES_MAX: usize = 36;

/// The longest name of a parameter that is shown, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// What was found in a request, and what was done about it. It holds no value of the request.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ThreatEvent {
    /// When.
    pub at: Timestamp,
    /// Whose host it was sent to.
    pub tenant_id: Option<TenantId>,
    /// Who sent it, where a layer outside has found out.
    pub client: Option<IpAddr>,
    /// The request's id, where it has one.
    pub request_id: Option<Box<str>>,
    /// The request's method.
    pub method: Box<str>,
    /// The path without the query. A segment that is no plain word, or longer than 36 bytes, stands as
    /// `{}`: it may be the attack itself, or a secret.
    pub path: Box<str>,
    /// What became of the request.
    pub action: Action,
    /// What was found, 16 at the most.
    pub findings: Vec<Found>,
}

/// A finding of an event.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// What the value tries to do.
    pub kind: ThreatKind,
    /// How sure that is.
    pub severity: Severity,
    /// Where it stood.
    pub place: Place,
    /// The parameter's name, as an [`Exclusion`](super::Exclusion) takes it. `None` where it was found
    /// in a name or in what has none, and where the name is no plain word of at most 64 bytes.
    pub parameter: Option<Box<str>>,
    /// What gave it away, in words.
    pub description: &'static str,
}

/// What became of a request in which something was found.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// It went on: its route or its tenant is merely observed, or what was found is too weak or too little.
    Passed,
    /// It was refused.
    Refused,
}

/// Takes what was found.
///
/// A closure `Fn(&ThreatEvent)` is one.
pub trait ThreatSink: Send + Sync + 'static {
    /// Takes one event, before the request goes on or is refused; must not wait.
    fn record(&self, event: &ThreatEvent);
}

impl<F: Fn(&ThreatEvent) + Send + Sync + 'static> ThreatSink for F {
    fn record(&self, event: &ThreatEvent) {
        self(event);
    }
}

/// Writes events to the log as warnings: one at once, and then one in ten seconds, with how many were
/// left out.
#[derive(Debug, Default)]
pub struct LogSink(LogThrottle);

impl ThreatSink for LogSink {
    fn record(&self, event: &ThreatEvent) {
        let Some(left_out) = self.0.admit() else {
            return;
        };
        let Some(found) = event.findings.first() else {
            return;
        };
        tracing::warn!(
            tenant_id = event.tenant_id.map(tracing::field::display),
            client = event.client.map(tracing::field::display),
            request_id = event.request_id.as_deref(),
            method = &*event.method,
            path = &*event.path,
            action = event.action.as_str(),
            kind = found.kind.as_str(),
            place = found.place.as_str(),
            parameter = found.parameter.as_deref(),
            findings = event.findings.len(),
            left_out,
            "a request looks like an attack: {}",
            found.description,
        );
    }
}

impl ThreatEvent {
    pub(super) fn new(request: &Parts, action: Action, findings: Vec<Found>) -> Self {
        let scope = request.extensions.get::<TenantScope>();
        let outer_id = || request.extensions.get().map(RequestId::as_str);
        let request_id = scope.and_then(TenantScope::request_id).or_else(outer_id);
        let client = request.extensions.get::<ClientAddress>();
        Self {
            at: Timestamp::now(),
            tenant_id: scope.map(TenantScope::tenant_id),
            client: client.map(|client| client.0),
            request_id: request_id.map(Into::into),
            method: cut(request.method.as_str(), NAME_BYTES_MAX).into(),
            path: shown(request.uri.path()).into(),
            action,
            findings,
        }
    }
}

impl Found {
    pub(super) fn new(finding: Finding, name: Option<&[u8]>) -> Self {
        let name = name.and_then(|name| str::from_utf8(name).ok());
        let name = name.filter(|name| !name.is_empty() && is_plain(name, NAME_BYTES_MAX));
        Self {
            kind: finding.kind(),
            severity: finding.severity(),
            place: finding.place(),
            parameter: name.map(Into::into),
            description: finding.description(),
        }
    }
}

impl Action {
    /// Its name in events and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
        }
    }
}

fn shown(path: &str) -> String {
    let mut shown = String::new();
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            shown.push('/');
        }
        let is_plain = segment.is_empty() || is_plain(segment, SEGMENT_BYTES_MAX);
        shown.push_str(if is_plain { segment } else { "{}" });
        if shown.len() >= PATH_BYTES_MAX {
            break;
        }
    }
    shown.truncate(PATH_BYTES_MAX);
    shown
}

/// A word that nobody attacks anything with.
fn is_plain(text: &str, bytes_max: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]".contains(&byte);
    text.len() <= bytes_max && text.bytes().all(plain)
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
