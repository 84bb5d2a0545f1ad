use std::net::IpAddr;
use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use tenancy_core::TenantScope;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::problem::{Problem, ProblemJson};
use tower_layer::Layer;

use super::entry::Blocked;
use super::list::BlockList;
use super::service::BlockService;
use crate::diagnosis::{Part, note};

/// Refuses clients that are on a list, with 403.
///
/// See the [module docs](super) for an example. The client is the [`ClientAddress`] in the request's
/// extensions, which a [`ClientAddressLayer`](tenancy_core::client_address::ClientAddressLayer) or a
/// `TenantLayer` puts there; requests without one are let
/// through. Outside of a `TenantLayer` only the platform's entries count; inside, the tenant's too.
#[derive(Debug)]
#[must_use]
pub struct BlockLayer<R = ProblemJson> {
    list: BlockList,
    pub(super) refuse: Arc<R>,
}

impl BlockLayer {
    /// A layer that looks into this list.
    pub fn new(list: &BlockList) -> Self {
        Self {
            list: list.clone(),
            refuse: Arc::new(ProblemJson),
        }
    }
}

impl<R> BlockLayer<R> {
    /// What makes the response to a refused request, a
    /// [`Refuse`](tenancy_core::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> BlockLayer<Q> {
        BlockLayer {
            list: self.list,
            refuse: Arc::new(refuse),
        }
    }

    pub(super) fn check(&self, request: &Parts) -> Option<Blocked> {
        note(&request.extensions, Part::Block, || None);
        let ClientAddress(address) = request.extensions.get()?;
        let scope = request.extensions.get::<TenantScope>();
        let address: IpAddr = *address;
        let tenant_id = scope.map(TenantScope::tenant_id);
        self.list.check(address, tenant_id).map(Blocked)
    }
}

impl From<&Blocked> for Problem {
    fn from(_: &Blocked) -> Self {
        Self::new(StatusCode::FORBIDDEN)
            .kind("https://docs.rs/tenancy-security/latest/tenancy_security/block/struct.Blocked.html")
            .title("Blocked")
            .detail("requests from this address are not served")
    }
}

impl<S, R> Layer<S> for BlockLayer<R> {
    type Service = BlockService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        BlockService { inner, layer }
    }
}

impl<R> Clone for BlockLayer<R> {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            refuse: Arc::clone(&self.refuse),
        }
    }
}
