use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use jiff::SignedDuration;
use tenancy_core::TenantScope;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::problem::{Problem, ProblemJson};
use tower_layer::Layer;

use super::service::LoadShedService;
use super::shedder::{LoadShedder, Overload, Place};
use crate::address::AddressGroups;
use crate::diagnosis::{Part, note};

/// Gives each request a place, or refuses it.
///
/// See the [module docs](super) for an example. By default no request is critical, and refusals are
/// `application/problem+json`.
#[must_use]
pub struct LoadShedLayer<R = ProblemJson> {
    shedder: LoadShedder,
    is_critical: Arc<dyn Fn(&Parts) -> bool + Send + Sync>,
    groups: Arc<AddressGroups>,
    pub(super) refuse: Arc<R>,
}

impl LoadShedLayer {
    /// A layer that takes places from this shedder.
    pub fn new(shedder: &LoadShedder) -> Self {
        Self {
            shedder: shedder.clone(),
            is_critical: Arc::new(|_| false),
            groups: Arc::default(),
            refuse: Arc::new(ProblemJson),
        }
    }
}

impl<R> LoadShedLayer<R> {
    /// Which requests may have the places of the reserve. Default: none.
    pub fn critical(
        mut self,
        is_critical: impl Fn(&Parts) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.is_critical = Arc::new(is_critical);
        self
    }

    /// How addresses are grouped into clients. Default: as [`AddressGroups::default`] does.
    pub fn groups(mut self, groups: AddressGroups) -> Self {
        self.groups = Arc::new(groups);
        self
    }

    /// What makes the response to a refused request, a
    /// [`Refuse`](tenancy_core::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> LoadShedLayer<Q> {
        LoadShedLayer {
            shedder: self.shedder,
            is_critical: self.is_critical,
            groups: self.groups,
            refuse: Arc::new(refuse),
        }
    }

    pub(super) fn admit(&self, request: &Parts) -> Result<Place, Overload> {
        note(&request.extensions, Part::LoadShed, || None);
        let scope = request.extensions.get::<TenantScope>();
        let tenant_id = scope.map(TenantScope::tenant_id);
        let client = request.extensions.get();
        let client = client.map(|ClientAddress(address)| self.groups.key(*address));
        let is_critical = (self.is_critical)(request);
        self.shedder.admit_client(tenant_id, client, is_critical)
    }
}

impl From<Overload> for Problem {
    fn from(overload: Overload) -> Self {
        let (status, kind, title) = match overload {
            Overload::Full | Overload::Share => (
                StatusCode::SERVICE_UNAVAILABLE,
                "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
                "Temporarily reduced capacity",
            ),
            Overload::Client | Overload::Tenant => (
                StatusCode::TOO_MANY_REQUESTS,
                "https://iana.org/assignments/http-problem-types#quota-exceeded",
                "Quota exceeded",
            ),
        };
        let problem = Self::new(status)
            .kind(kind)
            .title(title)
            .detail("too many requests are under way")
            .retry_after(SignedDuration::from_secs(1));
        match overload {
            Overload::Client | Overload::Tenant => {
                problem.with("violated-policies", vec!["concurrent-requests"])
            }
            Overload::Full | Overload::Share => problem,
        }
    }
}

impl<S, R> Layer<S> for LoadShedLayer<R> {
    type Service = LoadShedService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        LoadShedService {
            inner,
            layer: self.clone(),
        }
    }
}

impl<R> Clone for LoadShedLayer<R> {
    fn clone(&self) -> Self {
        Self {
            shedder: self.shedder.clone(),
            is_critical: Arc::clone(&self.is_critical),
            groups: Arc::clone(&self.groups),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<R> fmt::Debug for LoadShedLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadShedLayer")
            .field("shedder", &self.shedder)
            .finish_non_exhaustive()
    }
}
