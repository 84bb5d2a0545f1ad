use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use jiff::SignedDuration;
use quick_cache::sync::Cache;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::{Error, TenantId};
use tenancy_security::address::AddressGroups;
use tenancy_security::rate_limit::{Caller, Class, Policy, Quota, RateLimiter, Rules};
use tenancy_security::session::SessionDigest;

use crate::config::Limits;

/// What is counted: lookups that found nobody, by address.
const NAME: &str = "credentials";

/// How many of them an address has: far more than a household of browsers whose sessions have ended, and
/// too few to keep a database busy.
const WORTHLESS: Quota = Quota::per_minute(120);

/// How many addresses are counted apart at the same time.
const ADDRESSES: usize = 20_000;

/// How long it is remembered that nobody has a session: a page with its pictures is one lookup, and what an
/// operator changes counts within a second.
const NOBODY: Duration = Duration::from_secs(1);

/// How many such sessions are remembered.
const SESSIONS_MAX: usize = 10_000;

/// Holds back who has one credential after the other looked up that is worth nothing: the database is asked
/// before any other layer knows whose request it is.
#[derive(Clone, Debug)]
pub(super) struct Lookups {
    limiter: Option<RateLimiter>,
    groups: AddressGroups,
    nobodys: Arc<Cache<(TenantId, SessionDigest), Instant>>,
}

/// What a lookup came to.
#[derive(Debug)]
pub(super) enum Lookup<T> {
    Found(T),
    Nobody,
    /// It did not take place.
    TooMany {
        retry_after: SignedDuration,
    },
}

impl Lookups {
    pub(super) fn new(limits: &Limits) -> Self {
        let limiter = || {
            let policy = Policy::new(NAME, WORTHLESS).expect("the name above is a name");
            let class = Class::new(NAME).expect("the name above is a name");
            let rules = Rules::new(class.policy(policy));
            RateLimiter::builder(rules).keys(ADDRESSES).build()
        };
        Self {
            limiter: limits.enabled.then(limiter),
            groups: AddressGroups::default(),
            nobodys: Arc::new(Cache::new(SESSIONS_MAX)),
        }
    }

    /// Looks a credential up, unless too many from the same address have found nobody.
    pub(super) async fn find<T>(
        &self,
        request: &Parts,
        lookup: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<Lookup<T>, Error> {
        let Some(limiter) = &self.limiter else {
            return lookup.await.map(Lookup::of);
        };
        let address = request.extensions.get::<ClientAddress>();
        let address = address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0);
        let caller = Caller::without_tenant().address(self.groups.key(address));
        // Taken first, so that many at once are not looked up before one of them is known for nothing.
        let taken = limiter.check(&caller, NAME, 1).await;
        if !taken.is_admitted() {
            let wait = taken.retry_after().unwrap_or_default();
            let retry_after = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
            return Ok(Lookup::TooMany { retry_after });
        }
        let found = lookup.await;
        if !matches!(found, Ok(None)) {
            limiter.refund(&taken).await;
        }
        found.map(Lookup::of)
    }

    /// Whether it was found a moment ago that nobody has this session.
    pub(super) fn is_nobodys(&self, tenant: TenantId, session: SessionDigest) -> bool {
        let found = self.nobodys.get(&(tenant, session));
        found.is_some_and(|found| found.elapsed() < NOBODY)
    }

    pub(super) fn note_nobodys(&self, tenant: TenantId, session: SessionDigest) {
        self.nobodys.insert((tenant, session), Instant::now());
    }
}

impl<T> Lookup<T> {
    fn of(found: Option<T>) -> Self {
        found.map_or(Self::Nobody, Self::Found)
    }
}
