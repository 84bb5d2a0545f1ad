use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use tenancy_core::TenantScope;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::problem::ProblemJson;
use tower_layer::Layer;

use super::caller::Caller;
use super::decision::Decision;
use super::limiter::RateLimiter;
use super::service::RateLimitService;
use crate::address::AddressGroups;
use crate::diagnosis::{Part, note};

/// Admits requests that are within their quotas, and refuses the others with 429.
///
/// See the [module docs](super) for an example. By default all requests are of class `api`, cost
/// one, and are told apart by who signed in, else by the client's address.
#[must_use]
pub struct RateLimitLayer<R = ProblemJson> {
    pub(super) limiter: RateLimiter,
    class: Arc<dyn Fn(&Parts) -> &'static str + Send + Sync>,
    cost: Arc<dyn Fn(&Parts) -> u32 + Send + Sync>,
    caller: Arc<dyn Fn(&Parts) -> Caller + Send + Sync>,
    pub(super) refuse: Arc<R>,
}

impl RateLimitLayer {
    /// A layer that asks this limiter.
    pub fn new(limiter: &RateLimiter) -> Self {
        let layer = Self {
            limiter: limiter.clone(),
            class: Arc::new(|_| "api"),
            cost: Arc::new(|_| 1),
            caller: Arc::new(|_| Caller::without_tenant()),
            refuse: Arc::new(ProblemJson),
        };
        layer.groups(AddressGroups::default())
    }
}

impl<R> RateLimitLayer<R> {
    /// The class of every request here. Default: `api`.
    pub fn class(self, class: &'static str) -> Self {
        self.classify(move |_| class)
    }

    /// The class of each request. Default: `api` for all.
    pub fn classify(
        mut self,
        class: impl Fn(&Parts) -> &'static str + Send + Sync + 'static,
    ) -> Self {
        self.class = Arc::new(class);
        self
    }

    /// What each request costs. One that costs nothing is only looked at. Default: one.
    pub fn cost(mut self, cost: impl Fn(&Parts) -> u32 + Send + Sync + 'static) -> Self {
        self.cost = Arc::new(cost);
        self
    }

    /// Whose each request is. Default: whoever the [`TenantScope`] in its extensions says has signed
    /// in, else the [`ClientAddress`] there, grouped as [`AddressGroups::default`] does or as
    /// [said](Self::groups). Requests without either are counted together.
    pub fn caller(mut self, caller: impl Fn(&Parts) -> Caller + Send + Sync + 'static) -> Self {
        self.caller = Arc::new(caller);
        self
    }

    /// How the addresses of those who have not signed in are grouped, in place of
    /// [another way](Self::caller) to tell whose a request is.
    pub fn groups(self, groups: AddressGroups) -> Self {
        self.caller(move |request| caller(request, &groups))
    }

    /// What makes the response to a refused request, a
    /// [`Refuse`](tenancy_core::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q>(self, refuse: Q) -> RateLimitLayer<Q> {
        RateLimitLayer {
            limiter: self.limiter,
            class: self.class,
            cost: self.cost,
            caller: self.caller,
            refuse: Arc::new(refuse),
        }
    }

    pub(super) async fn check(&self, request: &Parts) -> Decision {
        let (caller, class, cost) = self.asked(request);
        self.limiter.check(&caller, class, cost).await
    }

    pub(super) fn check_here(&self, request: &Parts) -> Decision {
        let (caller, class, cost) = self.asked(request);
        self.limiter.check_here(&caller, class, cost)
    }

    fn asked(&self, request: &Parts) -> (Caller, &'static str, u32) {
        note(&request.extensions, Part::RateLimit, || None);
        (
            (self.caller)(request),
            (self.class)(request),
            (self.cost)(request),
        )
    }
}

fn caller(request: &Parts, groups: &AddressGroups) -> Caller {
    let scope = request.extensions.get::<TenantScope>();
    let caller = scope.map_or_else(Caller::without_tenant, Caller::of);
    match request.extensions.get::<ClientAddress>() {
        Some(ClientAddress(address)) => caller.or_address(groups.key(*address)),
        None => caller,
    }
}

impl<S, R> Layer<S> for RateLimitLayer<R> {
    type Service = RateLimitService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimitService {
            inner,
            layer: self.clone(),
        }
    }
}

impl<R> Clone for RateLimitLayer<R> {
    fn clone(&self) -> Self {
        Self {
            limiter: self.limiter.clone(),
            class: Arc::clone(&self.class),
            cost: Arc::clone(&self.cost),
            caller: Arc::clone(&self.caller),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<R> fmt::Debug for RateLimitLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer")
            .field("limiter", &self.limiter)
            .finish_non_exhaustive()
    }
}
