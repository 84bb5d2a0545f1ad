use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tenancy_core::registry::{InMemoryTenants, TenantRegistry as _};
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_security::rate_limit::{Caller, OwnQuotas, Quota, Quotas, RateLimiter};
use tokio::time::advance;

use super::{admitted, one_policy, paused};

struct Town {
    registry: Arc<InMemoryTenants>,
    tenants: Tenants,
}

impl Town {
    fn new() -> Self {
        let registry = Arc::<InMemoryTenants>::default();
        Self {
            tenants: Tenants::new(registry.clone()),
            registry,
        }
    }

    fn settle(&self, slug: &str) -> Tenant {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        self.registry.add(&tenant).unwrap()
    }

    async fn scope(&self, tenant: &Tenant, actor: Actor) -> TenantScope {
        let scope = self.tenants.scope(tenant.id, actor, Purpose::Request);
        scope.await.unwrap()
    }

    async fn caller(&self, tenant: &Tenant, name: &str) -> Caller {
        Caller::of(&self.scope(tenant, Actor::user(name, name)).await)
    }
}

#[tokio::test]
async fn tenants_are_counted_apart_and_callers_within_them() {
    let town = Town::new();
    let (acme, bolt) = (town.settle("acme"), town.settle("bolt"));
    let limiter = RateLimiter::new(one_policy(Quota::per_hour(5)));
    let check = async |caller: Caller| {
        assert_eq!(admitted(&limiter, &caller, 9).await, 5, "{caller:?}");
    };
    check(town.caller(&acme, "ann").await).await;
    check(town.caller(&acme, "bob").await).await;
    check(town.caller(&bolt, "ann").await).await;
    let nobody = Caller::of(&town.scope(&acme, Actor::anonymous()).await);
    assert!(!nobody.is_known());
    check(nobody).await;
    check(Caller::without_tenant()).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_raised_helps_at_once() {
    let town = Town::new();
    let acme = town.settle("acme");
    let rules = one_policy(Quota::per_hour(10)).plan(
        "business".parse().unwrap(),
        "api".parse().unwrap(),
        Quota::per_hour(100),
    );
    let limiter = paused(rules);
    let caller = town.caller(&acme, "ann").await;
    assert_eq!(admitted(&limiter, &caller, 99).await, 10);

    let mut raised = acme.clone();
    raised.plan = "business".parse().unwrap();
    town.registry
        .update(&raised, &Actor::system("test"))
        .await
        .unwrap();
    advance(Duration::from_millis(1_100)).await;
    let caller = town.caller(&acme, "ann").await;
    assert_eq!(admitted(&limiter, &caller, 199).await, 90);
}

#[tokio::test]
async fn a_tenants_own_quota_counts_before_its_plans() {
    let town = Town::new();
    let mut acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    let own = HashMap::from([("api".to_owned(), Quota::per_hour(3))]);
    acme.settings.set::<OwnQuotas>(&Some(Quotas(own))).unwrap();
    let acme = town.registry.add(&acme).unwrap();
    let rules = one_policy(Quota::per_hour(10)).plan(
        acme.plan.clone(),
        "api".parse().unwrap(),
        Quota::per_hour(100),
    );
    let limiter = RateLimiter::new(rules);
    let other = town.settle("other");
    assert_eq!(
        admitted(&limiter, &town.caller(&acme, "ann").await, 199).await,
        3
    );
    assert_eq!(
        admitted(&limiter, &town.caller(&other, "ann").await, 199).await,
        100
    );
}
