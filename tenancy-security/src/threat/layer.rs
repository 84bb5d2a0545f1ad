use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use metrics::counter;
use tenancy_core::TenantScope;
use tenancy_core::problem::ProblemJson;
use tower_layer::Layer;

use super::content::Encodings;
use super::event::{Action, LogSink, ThreatEvent, ThreatSink};
use super::exclusion::Exclusion;
use super::inspection::Tally;
use super::known::Known;
use super::mode::{Mode, ModeOf};
use super::plan::Plan;
use super::route::{BodyPolicy, OverCap, RoutePolicy};
use super::service::ThreatService;
use super::strikes::Strikes;
use crate::address::AddressGroups;
use crate::block::BlockList;
use crate::rate_limit::Quota;

/// How much of a body is read by default.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Refuses requests that hold an attack.
///
/// See the [module docs](super) for what it looks at and an example. By default it blocks, reads a
/// mebibyte of each body and refuses longer and compressed ones, and writes to the log.
#[must_use]
pub struct ThreatLayer<R = ProblemJson> {
    pub(super) settings: Arc<Settings>,
    pub(super) refuse: Arc<R>,
}

#[derive(Clone)]
pub(super) struct Settings {
    mode: Mode,
    modes: Option<Arc<dyn ModeOf>>,
    routes: Vec<RoutePolicy>,
    pub(super) exclusions: Vec<Exclusion>,
    body_bytes_max: usize,
    over_cap: OverCap,
    pub(super) encodings: Encodings,
    sink: Arc<dyn ThreatSink>,
    strikes: Option<Strikes>,
    groups: AddressGroups,
    pub(super) known: Arc<Known>,
}

impl ThreatLayer {
    /// A layer with the defaults.
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings {
                mode: Mode::default(),
                modes: None,
                routes: Vec::new(),
                exclusions: Vec::new(),
                body_bytes_max: BODY_BYTES_MAX,
                over_cap: OverCap::default(),
                encodings: Encodings::default(),
                sink: Arc::new(LogSink::default()),
                strikes: None,
                groups: AddressGroups::default(),
                known: Arc::default(),
            }),
            refuse: Arc::new(ProblemJson),
        }
    }
}

impl Default for ThreatLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> ThreatLayer<R> {
    /// What is done about what is found. Default: [`Mode::Block`].
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings_mut().mode = mode;
        self
    }

    /// Each tenant's own mode. Default: the layer's for all.
    pub fn modes(mut self, modes: impl ModeOf) -> Self {
        self.settings_mut().modes = Some(Arc::new(modes));
        self
    }

    /// How the requests to some paths are looked at; may be called again for more, of which the first
    /// that fits counts.
    pub fn route(mut self, policy: RoutePolicy) -> Self {
        self.settings_mut().routes.push(policy);
        self
    }

    /// A parameter that is not judged, or not for everything; may be called again for more.
    pub fn exclude(mut self, exclusion: Exclusion) -> Self {
        self.settings_mut().exclusions.push(exclusion);
        self
    }

    /// How much of a body is read, and kept until the look is over, in bytes; of a form, no more than
    /// 10,000 fields, or 1,000 parts. Default: 1 MiB.
    pub fn body_bytes_max(mut self, bytes: usize) -> Self {
        self.settings_mut().body_bytes_max = bytes;
        self
    }

    /// What becomes of longer bodies. Default: [`OverCap::Refuse`].
    pub fn over_cap(mut self, over_cap: OverCap) -> Self {
        self.settings_mut().over_cap = over_cap;
        self
    }

    /// What is done about compressed bodies. Default: [`Encodings::Refuse`].
    pub fn encodings(mut self, encodings: Encodings) -> Self {
        self.settings_mut().encodings = encodings;
        self
    }

    /// Who is told what was found. Default: a [`LogSink`].
    ///
    /// What is too weak to refuse a request for is only counted where the request went on and nothing
    /// else was found.
    pub fn sink(mut self, sink: impl ThreatSink) -> Self {
        self.settings_mut().sink = Arc::new(sink);
        self
    }

    /// Blocks a client for so long once he was refused for as many findings as the quota has, as for
    /// ten in an hour and an hour:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tenancy_security::{block::BlockList, rate_limit::Quota, threat::ThreatLayer};
    /// # let blocks = BlockList::default();
    /// ThreatLayer::new().block_after(&blocks, Quota::per_hour(10), Duration::from_secs(3600));
    /// ```
    ///
    /// A client is the network of the [`ClientAddress`](tenancy_core::client_address::ClientAddress) in
    /// the request's extensions, and counts with each tenant by itself. The entry is that tenant's, or
    /// the platform's where there is none. Each process counts for itself, and 20,000 clients at a time
    /// apart: of more, some are counted together. Default: nobody is blocked.
    ///
    /// What a page of another origin made a browser send, by its `Sec-Fetch-Site`, counts by itself: ten
    /// times as many findings block the client with a tenant, and none with the platform. Otherwise any
    /// page could have its visitors blocked by pictures whose addresses look like attacks.
    pub fn block_after(mut self, blocks: &BlockList, findings: Quota, time: Duration) -> Self {
        self.settings_mut().strikes = Some(Strikes::new(blocks, findings, time));
        self
    }

    /// How the addresses of those who are [blocked](Self::block_after) are grouped into clients. Default:
    /// as [`AddressGroups::default`] does.
    pub fn groups(mut self, groups: AddressGroups) -> Self {
        self.settings_mut().groups = groups;
        self
    }

    /// What makes the response to a refused request, a
    /// [`Refuse`](tenancy_core::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> ThreatLayer<Q> {
        ThreatLayer {
            settings: self.settings,
            refuse: Arc::new(refuse),
        }
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl Settings {
    pub(super) fn plan(&self, request: &Parts) -> Plan {
        let path = request.uri.path();
        let route = self.routes.iter().find(|route| route.path.contains(path));
        let tenants = || {
            let scope = request.extensions.get::<TenantScope>();
            self.modes.as_ref()?.mode(scope)
        };
        let mode = route.and_then(|route| route.mode).or_else(tenants);
        let body = route.and_then(|route| route.body);
        let body_bytes_max = route.and_then(|route| route.body_bytes_max);
        let over_cap = route.and_then(|route| route.over_cap);
        Plan {
            mode: mode.unwrap_or(self.mode),
            body: body.unwrap_or(BodyPolicy::Inspect),
            body_bytes_max: body_bytes_max.unwrap_or(self.body_bytes_max),
            over_cap: over_cap.unwrap_or(self.over_cap),
        }
    }

    /// Tells of what was found.
    pub(super) fn report(&self, request: &Parts, tally: Tally) {
        if tally.found.is_empty() {
            return;
        }
        let action = if tally.is_refused() {
            Action::Refused
        } else {
            Action::Passed
        };
        for found in &tally.found {
            let labels = [("kind", found.kind.as_str()), ("action", action.as_str())];
            counter!("tenancy_threats_total", &labels).increment(1);
        }
        if let Some(strikes) = &self.strikes
            && action == Action::Refused
        {
            strikes.count(request, &self.groups, tally.found.len());
        }
        // Scanners would drive the events that matter out of logs and journals.
        if action == Action::Passed && tally.is_weak() {
            return;
        }
        let event = ThreatEvent::new(request, action, tally.found.into_vec());
        self.sink.record(&event);
    }
}

/// Counts a body that was not looked at, or not to its end.
pub(super) fn count_unread(reason: &'static str, action: Action) {
    let labels = [("reason", reason), ("action", action.as_str())];
    counter!("tenancy_threat_unread_total", &labels).increment(1);
}

impl<S, R> Layer<S> for ThreatLayer<R> {
    type Service = ThreatService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        ThreatService {
            inner,
            layer: self.clone(),
        }
    }
}

impl<R> Clone for ThreatLayer<R> {
    fn clone(&self) -> Self {
        Self {
            settings: Arc::clone(&self.settings),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<R> fmt::Debug for ThreatLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreatLayer")
            .field("mode", &self.settings.mode)
            .field("routes", &self.settings.routes)
            .field("exclusions", &self.settings.exclusions)
            .finish_non_exhaustive()
    }
}
