//! All layers in the order in which they work, with safe defaults.
//!
//! A [`SecurityStack`] goes around a service, or around a service and its
//! [`TenantLayer`]. From the outside in:
//!
//! 1. [headers](crate::headers), also on what is refused further in, and an answer for panics
//! 2. the client's address, the platform's [blocks](crate::block), and a limit by address alone, which
//!    also holds for hosts that nobody has
//! 3. *the tenant layer: which tenant, is it open, who has signed in*
//! 4. [CORS](crate::cors), so that scripts may read what is refused from here on
//! 5. the tenant's own blocks
//! 6. [limits](crate::rate_limit) by class and caller, and a [place](crate::load_shed) on the server
//! 7. [attacks](crate::threat) in what is sent
//! 8. [CSRF](crate::csrf)
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, body::Body, routing::post};
//! use http::{Request, StatusCode};
//! use tenancy_security::headers::Hsts;
//! use tenancy_security::stack::SecurityStack;
//! use tower::ServiceExt as _;
//!
//! let stack = SecurityStack::new()
//!     .proxies(["10.0.0.0/8".parse()?])
//!     .headers(|headers| headers.hsts(Hsts::default().without_subdomains()))
//!     .csrf(|csrf| csrf.exempt("/webhooks/".parse().expect("a plain path")));
//! let shop = Router::new().route("/pay", post(async || "paid"));
//! let service = shop.layer(stack);
//!
//! let forged = Request::post("/pay").header("sec-fetch-site", "cross-site");
//! let refused = service.oneshot(forged.body(Body::empty())?).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
//! # Ok(())
//! # }
//! ```
//!
//! With tenants it is [`SecurityStack::around`]. [`diagnose`](crate::diagnosis::diagnose) tells whether
//! the finished server has what it needs.

use std::num::NonZeroUsize;

use ipnet::IpNet;
use tenancy_core::client_address::{ClientAddressLayer, TrustedProxies};
use tenancy_core::layer::TenantLayer;
use tenancy_core::problem::ProblemJson;
use tower_layer::{Layer, Stack};

use crate::address::{AddressGroups, SITE_BITS};
use crate::block::{BlockLayer, BlockList};
use crate::cors::CorsLayer;
use crate::csrf::CsrfLayer;
use crate::headers::SecurityHeadersLayer;
use crate::load_shed::{LoadShedLayer, LoadShedder};
use crate::origin::Origins;
use crate::public_scheme::PublicScheme;
use crate::rate_limit::{Class, Dimension, Policy, Quota, RateLimitLayer, RateLimiter, Rules};
use crate::threat::ThreatLayer;

/// How many requests may be under way at once unless something else is said.
const PLACES: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// What one address may send in a minute, whoever it asks for what.
const ADDRESS: Quota = Quota::per_minute(3000);

/// As how many addresses a site may send that was given many networks, and that whole blocks of customers
/// have in common at some providers.
const SITE_TIMES: u32 = 16;

/// What asks who a client is before anything else: address, platform's blocks, limit by address.
pub type Gate<R> = Stack<RateLimitLayer<R>, Stack<BlockLayer<R>, ClientAddressLayer>>;

/// The layers outside of a tenant layer: headers and gate.
pub type Outside<R> = Stack<Gate<R>, SecurityHeadersLayer<R>>;

/// What decides whether a tenant's request is served now: CORS, tenant's blocks, limits, load.
pub type Admission<R> =
    Stack<LoadShedLayer<R>, Stack<RateLimitLayer<R>, Stack<BlockLayer<R>, CorsLayer>>>;

/// The layers inside of a tenant layer: admission, threats, CSRF.
pub type Inside<R> = Stack<CsrfLayer<R>, Stack<ThreatLayer<R>, Admission<R>>>;

/// All layers, with a tenant layer in its place.
pub type Around<T, R> = Stack<Inside<R>, Stack<T, Outside<R>>>;

/// All layers of this crate in their order; see the [module docs](self).
///
/// Each method changes one of them. By default no proxy is trusted, nobody is blocked, an address may
/// send 3000 requests a minute and a /48 of IPv6 sixteen times as many, classes are those of [`Rules::default`] with every request in `api`,
/// 1024 requests may be under way, no other origin's scripts read anything, attacks are refused, and
/// CSRF is held off without tokens.
#[derive(Debug)]
#[must_use]
pub struct SecurityStack<R = ProblemJson> {
    proxies: TrustedProxies,
    headers: SecurityHeadersLayer<R>,
    blocks: BlockLayer<R>,
    address_limit: RateLimitLayer<R>,
    cors: CorsLayer,
    limits: RateLimitLayer<R>,
    load_shed: LoadShedLayer<R>,
    threat: ThreatLayer<R>,
    csrf: CsrfLayer<R>,
}

impl SecurityStack {
    /// All layers with their defaults.
    pub fn new() -> Self {
        Self {
            proxies: TrustedProxies::nobody(),
            headers: SecurityHeadersLayer::new(),
            blocks: BlockLayer::new(&BlockList::default()),
            address_limit: address_limit(ADDRESS),
            cors: CorsLayer::new(Origins::new()),
            limits: RateLimitLayer::new(&RateLimiter::new(Rules::default())),
            load_shed: LoadShedLayer::new(&LoadShedder::new(PLACES)),
            threat: ThreatLayer::new(),
            csrf: CsrfLayer::new(),
        }
    }
}

impl Default for SecurityStack {
    fn default() -> Self {
        Self::new()
    }
}

/// A layer that holds each address to this quota, and each /48 of IPv6 to sixteen times as much, for
/// whoever was given one has 65,536 addresses that are told apart.
pub fn address_limit(quota: Quota) -> RateLimitLayer {
    let policy = |name, quota| Policy::new(name, quota).expect("they are names");
    let ipv6_bits = SITE_BITS;
    let site = policy("address-site", quota.times(SITE_TIMES)).by(Dimension::Network { ipv6_bits });
    let class = Class::new("address").expect("it is a name");
    let class = class.policy(policy("address", quota)).policy(site);
    RateLimitLayer::new(&RateLimiter::new(Rules::new(class))).class("address")
}

impl<R> SecurityStack<R> {
    /// The networks of the proxies in front. They are believed as to the client's address and as to
    /// whether it comes over TLS, and so are they by a [`TenantLayer`] that the stack goes
    /// [around](Self::around).
    pub fn proxies(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.trusted_proxies(TrustedProxies::networks(networks))
    }

    /// The same in any of the forms in which proxies are trusted.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies.clone();
        self.scheme(PublicScheme::told_by(proxies))
    }

    /// How it is known whether a client comes over TLS. Default: as the proxies say.
    pub fn scheme(self, scheme: PublicScheme) -> Self {
        self.headers(|headers| headers.scheme(scheme.clone()))
            .csrf(|csrf| csrf.scheme(scheme))
    }

    /// How addresses are grouped into clients by the layers that are there now, such as where one's own
    /// network has a prefix for NAT64. The [`BlockList`] is given its own.
    pub fn groups(self, groups: &AddressGroups) -> Self {
        self.address_limit(|limit| limit.groups(groups.clone()))
            .limits(|limits| limits.groups(groups.clone()))
            .load_shed(|load_shed| load_shed.groups(groups.clone()))
            .threat(|threat| threat.groups(groups.clone()))
    }

    /// Changes what every answer says to browsers.
    pub fn headers(
        mut self,
        change: impl FnOnce(SecurityHeadersLayer<R>) -> SecurityHeadersLayer<R>,
    ) -> Self {
        self.headers = change(self.headers);
        self
    }

    /// Changes whom the platform and tenants do not serve.
    pub fn blocks(mut self, change: impl FnOnce(BlockLayer<R>) -> BlockLayer<R>) -> Self {
        self.blocks = change(self.blocks);
        self
    }

    /// Changes what an address may send, whoever it asks for what.
    pub fn address_limit(
        mut self,
        change: impl FnOnce(RateLimitLayer<R>) -> RateLimitLayer<R>,
    ) -> Self {
        self.address_limit = change(self.address_limit);
        self
    }

    /// Changes which other origins' scripts read answers.
    pub fn cors(mut self, change: impl FnOnce(CorsLayer) -> CorsLayer) -> Self {
        self.cors = change(self.cors);
        self
    }

    /// Changes the limits by class and caller.
    pub fn limits(mut self, change: impl FnOnce(RateLimitLayer<R>) -> RateLimitLayer<R>) -> Self {
        self.limits = change(self.limits);
        self
    }

    /// Changes how many requests may be under way.
    pub fn load_shed(mut self, change: impl FnOnce(LoadShedLayer<R>) -> LoadShedLayer<R>) -> Self {
        self.load_shed = change(self.load_shed);
        self
    }

    /// Changes what is done about attacks in what is sent.
    pub fn threat(mut self, change: impl FnOnce(ThreatLayer<R>) -> ThreatLayer<R>) -> Self {
        self.threat = change(self.threat);
        self
    }

    /// Changes from where a request may change something.
    pub fn csrf(mut self, change: impl FnOnce(CsrfLayer<R>) -> CsrfLayer<R>) -> Self {
        self.csrf = change(self.csrf);
        self
    }

    /// What makes every response to a refused request, a
    /// [`Refuse`](tenancy_core::problem::Refuse). Default: [`ProblemJson`].
    pub fn refuse<Q: Clone>(self, refuse: Q) -> SecurityStack<Q> {
        SecurityStack {
            proxies: self.proxies,
            headers: self.headers.refuse(refuse.clone()),
            blocks: self.blocks.refuse(refuse.clone()),
            address_limit: self.address_limit.refuse(refuse.clone()),
            cors: self.cors,
            limits: self.limits.refuse(refuse.clone()),
            load_shed: self.load_shed.refuse(refuse.clone()),
            threat: self.threat.refuse(refuse.clone()),
            csrf: self.csrf.refuse(refuse),
        }
    }

    /// The layers outside of a tenant layer, for a server that has others between them and it.
    pub fn outside(&self) -> Outside<R> {
        Stack::new(self.gate(), self.outermost())
    }

    /// The outermost layer alone, for a server that has others between it and the gate, such as one
    /// that turns refusals into pages.
    pub fn outermost(&self) -> SecurityHeadersLayer<R> {
        self.headers.clone()
    }

    /// The layers outside of a tenant layer but for the outermost.
    pub fn gate(&self) -> Gate<R> {
        let address = ClientAddressLayer::new(self.proxies.clone());
        Stack::new(
            self.address_limit.clone(),
            Stack::new(self.blocks.clone(), address),
        )
    }

    /// The layers inside of a tenant layer.
    pub fn inside(&self) -> Inside<R> {
        let blocks = Stack::new(self.blocks.clone(), self.cors.clone());
        let limits = Stack::new(self.limits.clone(), blocks);
        let admission = Stack::new(self.load_shed.clone(), limits);
        let threat = Stack::new(self.threat.clone(), admission);
        Stack::new(self.csrf.clone(), threat)
    }

    /// The stack with a tenant layer in its place, which is given the stack's proxies.
    pub fn around<A, Q>(&self, tenants: TenantLayer<A, Q>) -> Around<TenantLayer<A, Q>, R> {
        Stack::new(
            self.inside(),
            Stack::new(self.tenants(tenants), self.outside()),
        )
    }

    /// A tenant layer that believes the stack's proxies.
    pub fn tenants<A, Q>(&self, tenants: TenantLayer<A, Q>) -> TenantLayer<A, Q> {
        tenants.trusted_proxies(self.proxies.clone())
    }
}

impl<R> Clone for SecurityStack<R> {
    fn clone(&self) -> Self {
        Self {
            proxies: self.proxies.clone(),
            headers: self.headers.clone(),
            blocks: self.blocks.clone(),
            address_limit: self.address_limit.clone(),
            cors: self.cors.clone(),
            limits: self.limits.clone(),
            load_shed: self.load_shed.clone(),
            threat: self.threat.clone(),
            csrf: self.csrf.clone(),
        }
    }
}

impl<S, R> Layer<S> for SecurityStack<R>
where
    Stack<Inside<R>, Outside<R>>: Layer<S>,
{
    type Service = <Stack<Inside<R>, Outside<R>> as Layer<S>>::Service;

    fn layer(&self, inner: S) -> Self::Service {
        Stack::new(self.inside(), self.outside()).layer(inner)
    }
}
