use super::mode::Mode;
use crate::csrf::ExemptPath;

/// How the requests to some paths are looked at, where it is not as the layer says.
///
/// ```
/// use tenancy_security::threat::{OverCap, RoutePolicy};
///
/// let uploads = RoutePolicy::new("/api/media/".parse()?).head_only();
/// let imports = RoutePolicy::new("/api/imports".parse()?)
///     .body_bytes_max(16 * 1024 * 1024)
///     .over_cap(OverCap::Pass);
/// # Ok::<(), tenancy_security::csrf::InvalidExemptPath>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RoutePolicy {
    pub(super) path: ExemptPath,
    pub(super) mode: Option<Mode>,
    pub(super) body: Option<BodyPolicy>,
    pub(super) body_bytes_max: Option<usize>,
    pub(super) over_cap: Option<OverCap>,
}

/// Whether bodies are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyPolicy {
    Inspect,
    StreamPast,
}

/// What becomes of a body that is longer than what is looked at.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OverCap {
    /// What was read is looked at, and the rest streams past, to be reported as not looked at.
    Pass,
    /// It is refused with 413.
    #[default]
    Refuse,
}

impl RoutePolicy {
    /// What holds for this path, or all below it, matched as [`ExemptPath`] says: a path that could be
    /// read as another one is looked at like any.
    pub fn new(path: ExemptPath) -> Self {
        Self {
            path,
            mode: None,
            body: None,
            body_bytes_max: None,
            over_cap: None,
        }
    }

    /// The mode, whatever the tenant's is. Default: the tenant's, else the layer's.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Lets bodies stream past without a look, as for uploads that are checked elsewhere, and for
    /// answers that begin before the request has ended. Path, query and headers are looked at; texts of
    /// the body can be given to [`check_texts`](super::ThreatLayer::check_texts). Each such body is counted
    /// in `tenancy_threat_unread_total` with the reason `streamed-past`.
    pub fn head_only(mut self) -> Self {
        self.body = Some(BodyPolicy::StreamPast);
        self
    }

    /// How much of a body is read, in bytes. Default: as much as the layer says.
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.body_bytes_max = Some(bytes);
        self
    }

    /// What becomes of longer bodies. Default: what the layer says.
    pub fn over_cap(mut self, over_cap: OverCap) -> Self {
        self.over_cap = Some(over_cap);
        self
    }
}
