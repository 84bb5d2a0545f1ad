//! What stands between the internet and the shops: the layers of tenancy-security, as this platform
//! sets them up.

mod class;
mod policy;
mod stranger;

use std::num::NonZeroUsize;

use http::Method;
use http::header::{AUTHORIZATION, ETAG, IF_NONE_MATCH, LOCATION, RETRY_AFTER};
use http::request::Parts;
use tenancy_core::client_address::TrustedProxies;
use tenancy_security::block::{BlockLayer, BlockList};
use tenancy_security::cors::CorsLayer;
use tenancy_security::csrf::{CsrfKey, SessionCookie, SessionOf};
use tenancy_security::headers::Hsts;
use tenancy_security::load_shed::{LoadShedLayer, LoadShedder};
use tenancy_security::origin::TenantOrigins;
use tenancy_security::public_scheme::PublicScheme;
use tenancy_security::rate_limit::{
    Charge, Class, Outage, Policy, RateLimitLayer, RateLimiter, Rules,
};
use tenancy_security::session::COOKIE_NAME;
use tenancy_security::stack::{SecurityStack, address_limit};
use tenancy_security::threat::{
    Exclusion, Place, RoutePolicy, TenantModes, ThreatKind, ThreatLayer,
};

use self::class::{class, is_critical};
pub(crate) use self::policy::{KnownSources, REPORT_PATH, name_sources, of_console, reports};
pub(crate) use self::stranger::stranger;
use crate::config::{Config, Limit, Limits, Rate};
use crate::platform::Platform;
use crate::threats::Threats;

/// All layers, as this platform sets them up.
pub(crate) fn stack(platform: &Platform) -> SecurityStack {
    let key = CsrfKey::new(platform.secret());
    of_config(platform.config())
        .blocks(|_| BlockLayer::new(platform.blocks()))
        .limits(|_| RateLimitLayer::new(&limiter(platform)).classify(class))
        .threat(|_| platform.threat().clone())
        .csrf(|csrf| csrf.tokens(key, Session).require_tokens())
}

/// What is done about attacks. Uploads stream past: they are judged as files, and their texts by who reads
/// them. Passwords are only ever hashed, and what is declared to be HTML is sanitised.
pub(crate) fn threat(config: &Config, blocks: &BlockList, threats: &Threats) -> ThreatLayer {
    let (set, http) = (&config.threat, &config.http);
    let path = |path: &str| path.parse().expect("it is a plain path");
    let html = |route: &str| {
        let description = Exclusion::new(path(route), Place::Json, "description");
        description.of(ThreatKind::CrossSiteScripting)
    };
    let uploads = path("/api/media");
    let layer = ThreatLayer::new()
        .mode(set.mode)
        .modes(TenantModes)
        .body_bytes_max(http.body_bytes_max.count())
        .route(RoutePolicy::new(uploads).head_only())
        .exclude(Exclusion::new(path("/login"), Place::Form, "password"))
        .exclude(Exclusion::new(path("/api/login"), Place::Json, "password"))
        .exclude(html("/api/products"))
        .exclude(html("/api/products/{}"))
        .sink(threats.clone());
    match set.block_after {
        Some(Rate(findings)) => layer.block_after(blocks, findings, set.block_time()),
        None => layer,
    }
}

/// All layers as far as the configuration says how they are set up.
pub(crate) fn of_config(config: &Config) -> SecurityStack {
    let proxies = proxies(config);
    let scheme = match config.origin().is_encrypted() {
        true => PublicScheme::https(),
        false => PublicScheme::told_by(proxies.clone()),
    };
    let limits = &config.limits;
    let address_limit = match limits.enabled {
        true => address_limit(limits.address.0),
        false => RateLimitLayer::new(&unlimited()),
    };
    SecurityStack::new()
        .trusted_proxies(proxies)
        .scheme(scheme)
        // Names under a merchant's own domain are not ours to speak for.
        .headers(|headers| {
            let hsts = Hsts::default().without_subdomains();
            headers.policy(policy::of_pages()).hsts(hsts)
        })
        .address_limit(|_| address_limit)
        .cors(|_| readers())
        .load_shed(|_| LoadShedLayer::new(&places(limits)).critical(is_critical))
}

/// Who is believed about where a request comes from.
pub(crate) fn proxies(config: &Config) -> TrustedProxies {
    let networks = config.trusted_proxies.networks().iter().copied();
    TrustedProxies::networks(networks).header(config.proxy_header.into())
}

/// The places for requests under way. Neither one address nor one shop gets all of them, however slowly
/// it sends.
fn places(limits: &Limits) -> LoadShedder {
    let count = |places: usize| NonZeroUsize::new(places).unwrap_or(NonZeroUsize::MIN);
    let all = limits.requests_max.count();
    LoadShedder::builder(count(all))
        .tenant_max(count(all / 2))
        .client_max(count(limits.client_requests_max.count()))
        .build()
}

/// Which other sites' scripts may read a shop's answers, and what they may ask: never as somebody
/// who has signed in.
fn readers() -> CorsLayer {
    CorsLayer::new(TenantOrigins)
        .methods([Method::GET, Method::HEAD])
        .headers([AUTHORIZATION, IF_NONE_MATCH])
        .expose([ETAG, LOCATION, RETRY_AFTER])
}

/// Whose form or script a request is: the session's, or at the door the stranger's.
///
/// A program that signs in has nothing to lose yet, and a cookie of a session that is over must not
/// stand in its way.
struct Session;

impl SessionOf for Session {
    fn session(&self, request: &Parts) -> Option<Vec<u8>> {
        match request.uri.path() {
            "/login" => stranger::cookie().session(request),
            "/api/login" => None,
            _ => SessionCookie::new(COOKIE_NAME).session(request),
        }
    }
}

fn limiter(platform: &Platform) -> RateLimiter {
    let config = platform.config();
    if !config.limits.enabled {
        return unlimited();
    }
    let limiter = RateLimiter::builder(rules(&config.limits));
    match platform.redis() {
        Some(redis) => limiter.redis(redis.clone(), &prefix(config)),
        None => limiter,
    }
    .build()
}

/// What keys of limits begin with in Redis.
fn prefix(config: &Config) -> String {
    format!("{}limits:", config.redis_prefix)
}

fn rules(limits: &Limits) -> Rules {
    let rules = Rules::new(named(Limit::Api, limits.api))
        .class(
            named(Limit::Auth, limits.auth)
                .charge(Charge::OnFailure)
                .outage(Outage::Closed),
        )
        .class(named(Limit::Page, limits.page))
        .class(named(Limit::Search, limits.search))
        .class(named(Limit::Upload, limits.upload));
    let plans = limits.plans.iter();
    let plans = plans.flat_map(|(plan, rates)| rates.iter().map(move |rate| (plan.plan(), rate)));
    plans.fold(rules, |rules, (plan, (name, rate))| {
        rules.plan(plan, name.name(), rate.0)
    })
}

/// A class with one policy of its own name, which counts by caller.
fn named(limit: Limit, Rate(quota): Rate) -> Class {
    let name = limit.as_str();
    let policy = Policy::new(name, quota).expect("each limit has a name");
    let class = Class::new(name).expect("each limit has a name");
    class.policy(policy)
}

fn unlimited() -> RateLimiter {
    let class = Class::new("api").expect("it is a name");
    RateLimiter::builder(Rules::new(class)).keys(0).build()
}
