use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::authenticate::{Authenticate, Visitors};
use super::service::TenantService;
use crate::client_address::TrustedProxies;
use crate::log_throttle::LogThrottle;
use crate::problem::ProblemJson;
use crate::resolve::Sources;
use crate::tenants::Tenants;

/// Gives each request its tenant, or refuses it.
///
/// See the [module docs](super) for an example. By default everybody is a visitor, no proxy is
/// trusted, the platform's own host is refused like an unknown one, and refusals are
/// `application/problem+json`.
#[must_use]
pub struct TenantLayer<A = Visitors, R = ProblemJson> {
    pub(super) tenants: Tenants,
    pub(super) shared: Arc<Settings>,
    pub(super) authenticate: Arc<A>,
    pub(super) refuse: Arc<R>,
    pub(super) away: Arc<LogThrottle>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) sources: Sources,
    pub(super) proxies: TrustedProxies,
    pub(super) platform_admitted: bool,
}

impl TenantLayer {
    /// Resolves with these sources.
    pub fn new(tenants: &Tenants, sources: Sources) -> Self {
        Self {
            tenants: tenants.clone(),
            shared: Arc::new(Settings {
                sources,
                proxies: TrustedProxies::nobody(),
                platform_admitted: false,
            }),
            authenticate: Arc::new(Visitors),
            refuse: Arc::new(ProblemJson),
            away: Arc::default(),
        }
    }
}

impl<A, R> TenantLayer<A, R> {
    /// The sign-in that names the actor. Default: [`Visitors`].
    pub fn authenticate<B: Authenticate>(self, authenticate: B) -> TenantLayer<B, R> {
        TenantLayer {
            tenants: self.tenants,
            shared: self.shared,
            authenticate: Arc::new(authenticate),
            refuse: self.refuse,
            away: self.away,
        }
    }

    /// What makes the response to a refused request, a
    /// [`Refuse`](crate::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> TenantLayer<A, Q> {
        TenantLayer {
            tenants: self.tenants,
            shared: self.shared,
            authenticate: self.authenticate,
            refuse: Arc::new(refuse),
            away: self.away,
        }
    }

    /// The proxies whose word counts, for the client's address and the forwarded host. Default:
    /// nobody.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        Arc::make_mut(&mut self.shared).proxies = proxies;
        self
    }

    /// Lets requests to the bare base domain through, without a scope and with
    /// [`OnPlatform`](super::OnPlatform) in their extensions. Default: they are refused with 404.
    pub fn admit_platform(mut self) -> Self {
        Arc::make_mut(&mut self.shared).platform_admitted = true;
        self
    }
}

impl<S, A, R> Layer<S> for TenantLayer<A, R> {
    type Service = TenantService<S, A, R>;

    fn layer(&self, inner: S) -> Self::Service {
        TenantService {
            inner,
            layer: self.clone(),
        }
    }
}

impl<A, R> Clone for TenantLayer<A, R> {
    fn clone(&self) -> Self {
        Self {
            tenants: self.tenants.clone(),
            shared: Arc::clone(&self.shared),
            authenticate: Arc::clone(&self.authenticate),
            refuse: Arc::clone(&self.refuse),
            away: Arc::clone(&self.away),
        }
    }
}

impl<A, R> fmt::Debug for TenantLayer<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantLayer")
            .field("tenants", &self.tenants)
            .field("settings", &self.shared)
            .finish_non_exhaustive()
    }
}
