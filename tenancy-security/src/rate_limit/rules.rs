use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use tenancy_core::Tenant;
use tenancy_core::tenant::{Plan, Setting};

use super::class::{Charge, Class, Outage};
use super::policy::{Name, Policy};
use super::quota::Quota;

/// The class of requests that have none of their own.
const FALLBACK: &str = "api";

/// All classes, and what plans change about their quotas.
///
/// [`Rules::default`] has the classes `api` (1000 an hour), `auth` (10 in 5 minutes, only failures
/// count, closed while the shared store is away), `upload` (50 an hour) and `search` (200 an hour), each with one
/// policy of its own name that counts by caller. A class that is not known is held to `api`.
///
/// Of several quotas for one policy the tenant's own counts first, then its plan's, then the
/// policy's. A tenant has its own by the setting [`Quotas`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Rules {
    classes: HashMap<Name, Class, RandomState>,
    plans: HashMap<Plan, HashMap<Name, Quota>, RandomState>,
    fallback: Class,
}

impl Default for Rules {
    fn default() -> Self {
        let class = |name: &str, quota| {
            let policy = Policy::new(name, quota).expect("the names below are names");
            let class = Class::new(name).expect("the names below are names");
            class.policy(policy)
        };
        let five_minutes = std::num::NonZeroU32::new(300).expect("300 is not zero");
        let auth = class("auth", Quota::new(10, five_minutes))
            .charge(Charge::OnFailure)
            .outage(Outage::Closed);
        Self::new(class(FALLBACK, Quota::per_hour(1000)))
            .class(auth)
            .class(class("upload", Quota::per_hour(50)))
            .class(class("search", Quota::per_hour(200)))
    }
}

impl Rules {
    /// Only this class, to which all requests are held.
    pub fn new(fallback: Class) -> Self {
        Self {
            classes: HashMap::from_iter([(fallback.name, fallback.clone())]),
            plans: HashMap::default(),
            fallback,
        }
    }

    /// One more class, or another in the place of one with the same name.
    pub fn class(mut self, class: Class) -> Self {
        if class.name == self.fallback.name {
            self.fallback = class.clone();
        }
        self.classes.insert(class.name, class);
        self
    }

    /// The quota that tenants of a plan have for the policy of this name, in whichever class.
    pub fn plan(mut self, plan: Plan, policy: Name, quota: Quota) -> Self {
        self.plans.entry(plan).or_default().insert(policy, quota);
        self
    }

    #[inline]
    pub(super) fn find(&self, class: &str) -> &Class {
        // Most requests are of that one.
        if class == self.fallback.name.as_str() {
            return &self.fallback;
        }
        self.classes.get(class).unwrap_or(&self.fallback)
    }

    /// What this tenant's quotas differ in.
    #[inline]
    pub(super) fn changes(&self, tenant: Option<&Tenant>) -> Changes<'_> {
        let own = tenant.and_then(|tenant| tenant.settings.get::<OwnQuotas>());
        Changes {
            own,
            plan: tenant.and_then(|tenant| self.plans.get(&tenant.plan)),
        }
    }
}

/// The quotas of one tenant where they are not the policies' own.
pub(super) struct Changes<'a> {
    own: Option<Quotas>,
    plan: Option<&'a HashMap<Name, Quota>>,
}

impl Changes<'_> {
    #[inline]
    pub(super) fn quota(&self, policy: &Policy) -> Quota {
        let own = self
            .own
            .as_ref()
            .and_then(|own| own.0.get(policy.name.as_str()));
        let plan = self.plan.and_then(|plan| plan.get(&policy.name));
        own.or(plan).copied().unwrap_or(policy.quota)
    }
}

/// One tenant's own quotas by the [names](Name) of policies, as they stand in its settings under
/// `rate_limits`: `{"api":{"amount":5000,"window_seconds":3600}}`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Quotas(pub HashMap<String, Quota>);

/// The setting that holds a tenant's [`Quotas`]; it has none of its own by default.
#[derive(Debug)]
pub enum OwnQuotas {}

impl Setting for OwnQuotas {
    const KEY: &'static str = "rate_limits";
    type Value = Option<Quotas>;

    fn default() -> Option<Quotas> {
        None
    }
}
