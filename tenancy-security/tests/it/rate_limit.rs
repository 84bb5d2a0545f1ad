mod answers;
mod layer;
#[cfg(feature = "redis")]
mod shared;
mod tenants;

use std::num::NonZeroU32;
use std::time::Duration;

use tenancy_security::address::AddressGroups;
use tenancy_security::rate_limit::{
    Caller, Class, Dimension, Policy, Quota, RateLimiter, Rules, Verdict,
};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

fn policy(name: &str, quota: Quota) -> Policy {
    Policy::new(name, quota).unwrap()
}

/// One class, `api`, with one policy that counts by caller.
fn one_policy(quota: Quota) -> Rules {
    Rules::new(Class::new("api").unwrap().policy(policy("api", quota)))
}

/// A limiter whose clock a test can stop.
fn paused(rules: Rules) -> RateLimiter {
    RateLimiter::builder(rules).tokio_clock().build()
}

fn by_address(address: &str) -> Caller {
    let key = AddressGroups::default().key(address.parse().unwrap());
    Caller::without_tenant().address(key)
}

fn named(name: &str) -> Caller {
    Caller::without_tenant().named(name)
}

async fn admits(limiter: &RateLimiter, caller: &Caller) -> bool {
    limiter.check(caller, "api", 1).await.is_admitted()
}

/// How many of so many requests of one caller are admitted.
async fn admitted(limiter: &RateLimiter, caller: &Caller, requests: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..requests {
        admitted += usize::from(admits(limiter, caller).await);
    }
    admitted
}

#[tokio::test(flavor = "multi_thread")]
async fn of_any_crowd_exactly_as_many_are_admitted_as_may() {
    let limiter = RateLimiter::new(one_policy(Quota::per_hour(100)));
    let mut crowd = JoinSet::new();
    for _ in 0..64 {
        let limiter = limiter.clone();
        crowd.spawn(async move { admitted(&limiter, &named("all"), 1000).await });
    }
    assert_eq!(crowd.join_all().await.into_iter().sum::<usize>(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn crowds_that_share_some_policies_keep_to_each_of_them() {
    let class = Class::new("api")
        .unwrap()
        .policy(policy("tenant", Quota::per_hour(100)).by(Dimension::Tenant))
        .policy(policy("class", Quota::per_hour(90)).by(Dimension::Class))
        .policy(policy("identity", Quota::per_hour(30)));
    let limiter = RateLimiter::new(Rules::new(class));
    let mut crowd = JoinSet::new();
    for caller in 0..8 {
        let (limiter, caller) = (limiter.clone(), named(&(caller % 4).to_string()));
        crowd.spawn(async move { admitted(&limiter, &caller, 1000).await });
    }
    assert_eq!(crowd.join_all().await.into_iter().sum::<usize>(), 90);
}

#[tokio::test]
async fn a_request_that_one_policy_refuses_counts_for_none() {
    let class = Class::new("api")
        .unwrap()
        .policy(policy("tenant", Quota::per_hour(100)).by(Dimension::Tenant))
        .policy(policy("class", Quota::per_hour(10)).by(Dimension::Class))
        .policy(policy("identity", Quota::per_hour(5)));
    let limiter = RateLimiter::new(Rules::new(class));
    assert_eq!(admitted(&limiter, &named("a"), 5).await, 5);

    let left = async || {
        let decision = limiter.check(&named("a"), "api", 0).await;
        let left = decision.outcomes().map(|outcome| outcome.left());
        left.collect::<Vec<_>>()
    };
    assert_eq!(left().await, [95, 5, 0]);
    let refused = limiter.check(&named("a"), "api", 1).await;
    assert_eq!(refused.verdict(), Verdict::Exceeded);
    let violated: Vec<_> = refused
        .exceeded()
        .map(|one| one.policy().as_str())
        .collect();
    assert_eq!(violated, ["identity"]);
    assert_eq!(left().await, [95, 5, 0]);
    assert_eq!(admitted(&limiter, &named("b"), 9).await, 5);
}

#[tokio::test(start_paused = true)]
async fn a_windows_edge_is_no_second_helping() {
    let limiter = paused(one_policy(Quota::per_minute(100)));
    advance(Duration::from_millis(59_900)).await;
    assert_eq!(admitted(&limiter, &named("a"), 100).await, 100);
    advance(Duration::from_millis(200)).await;
    assert_eq!(admitted(&limiter, &named("a"), 100).await, 0);
    advance(Duration::from_secs(60)).await;
    assert_eq!(admitted(&limiter, &named("a"), 200).await, 100);
}

#[tokio::test(start_paused = true)]
async fn over_hours_the_rate_is_the_quotas() {
    let quota = Quota::new(7, NonZeroU32::new(10).unwrap());
    let limiter = paused(one_policy(quota));
    let mut admitted = 0;
    for _ in 0..36_000 {
        advance(Duration::from_millis(100)).await;
        admitted += usize::from(admits(&limiter, &named("a")).await);
    }
    // A window's amount at the beginning, and 0.7 a second for an hour.
    assert_eq!(admitted, 7 + 2520 - 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_as_long_as_told_is_admitted_and_no_earlier() {
    let limiter = paused(one_policy(Quota::per_minute(7)));
    assert_eq!(admitted(&limiter, &named("a"), 9).await, 7);
    let decision = limiter.check(&named("a"), "api", 3).await;
    let wait = decision.retry_after().unwrap();
    sleep(wait - Duration::from_millis(1)).await;
    assert!(!limiter.check(&named("a"), "api", 3).await.is_admitted());
    sleep(Duration::from_millis(1)).await;
    assert!(limiter.check(&named("a"), "api", 3).await.is_admitted());

    let never = limiter.check(&named("a"), "api", 8).await;
    assert_eq!(never.verdict(), Verdict::Exceeded);
    assert_eq!(never.retry_after(), None);
}

#[tokio::test]
async fn a_flood_of_callers_gives_nobody_a_limit_back() {
    let limiter = RateLimiter::builder(one_policy(Quota::per_hour(5)))
        .keys(10_000)
        .build();
    let memory = limiter.memory_bytes();
    assert!(memory < 10_000 * 60, "{memory}");
    assert_eq!(admitted(&limiter, &named("spent"), 9).await, 5);
    for stranger in 0..200_000 {
        let _ = limiter.check(&named(&stranger.to_string()), "api", 1).await;
        if stranger % 1000 == 0 {
            assert!(!admits(&limiter, &named("spent")).await, "{stranger}");
        }
    }
    assert_eq!(admitted(&limiter, &named("spent"), 200).await, 0);
    assert_eq!(limiter.memory_bytes(), memory);
}

#[tokio::test]
async fn an_address_is_one_caller_in_whatever_form() {
    let check = async |one: &str, other: &str, together: bool| {
        let limiter = RateLimiter::new(one_policy(Quota::per_hour(1)));
        assert!(admits(&limiter, &by_address(one)).await);
        let other_admitted = admits(&limiter, &by_address(other)).await;
        assert_eq!(other_admitted, !together, "{one} {other}");
    };
    check("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true).await;
    check("2001:db8:1:2::1", "2001:db8:1:3::1", false).await;
    check("::ffff:1.2.3.4", "::ffff:102:304", true).await;
    check("::ffff:1.2.3.4", "1.2.3.4", true).await;
    check("1.2.3.4", "2001:db8::1.2.3.4", false).await;
}

#[tokio::test]
async fn a_network_is_held_to_its_own_limit_beside_its_addresses_all_or_nothing() {
    let network = Dimension::Network { ipv6_bits: 48 };
    let class = Class::new("api")
        .unwrap()
        .policy(policy("network", Quota::per_hour(12)).by(network))
        .policy(policy("address", Quota::per_hour(5)));
    let limiter = RateLimiter::new(Rules::new(class));
    let admitted = async |from: &str| admitted(&limiter, &by_address(from), 9).await;
    assert_eq!(admitted("2001:db8:1::1").await, 5);
    assert_eq!(admitted("2001:db8:1:1::1").await, 5);
    assert_eq!(admitted("2001:db8:1:2::1").await, 2);
    assert_eq!(admitted("2001:db8:2::1").await, 5);
    assert_eq!(admitted("192.0.2.1").await, 5);
    let left = async |from: &str| {
        let decision = limiter.check(&by_address(from), "api", 0).await;
        let left = decision.outcomes();
        let left = left.map(|one| (one.policy().to_string(), one.left()));
        left.collect::<Vec<_>>()
    };
    let named = |name: &str, left| (name.to_owned(), left);
    // What the network refused was not counted for the address.
    let expected = [named("network", 0), named("address", 3)];
    assert_eq!(left("2001:db8:1:2::1").await, expected);
    // Who has no such network is told of none.
    assert_eq!(left("192.0.2.1").await, [named("address", 0)]);
}

#[tokio::test]
async fn other_rules_hold_from_the_next_request_on() {
    let limiter = RateLimiter::new(one_policy(Quota::per_hour(10)));
    assert_eq!(admitted(&limiter, &named("a"), 99).await, 10);
    limiter.set_rules(one_policy(Quota::per_hour(100)));
    assert_eq!(admitted(&limiter, &named("a"), 199).await, 90);
    limiter.set_rules(one_policy(Quota::per_hour(10)));
    assert_eq!(admitted(&limiter, &named("a"), 99).await, 0);
    limiter.set_rules(one_policy(Quota::per_hour(0)));
    assert_eq!(admitted(&limiter, &named("b"), 9).await, 0);
}

#[tokio::test]
async fn what_is_given_back_can_be_used_again() {
    let limiter = RateLimiter::new(one_policy(Quota::per_hour(10)));
    let taken = limiter.check(&named("a"), "api", 4).await;
    assert_eq!(admitted(&limiter, &named("a"), 9).await, 6);
    limiter.refund(&taken).await;
    assert_eq!(admitted(&limiter, &named("a"), 9).await, 4);
}

#[tokio::test]
async fn classes_of_the_platform_have_its_quotas() {
    let limiter = RateLimiter::new(Rules::default());
    let check = async |class: &str, expected: (&str, u32, u64)| {
        let decision = limiter.check(&named("a"), class, 0).await;
        let outcome = decision.outcomes().next().unwrap();
        let quota = outcome.quota();
        let found = (
            outcome.policy().as_str(),
            quota.amount(),
            quota.window().as_secs(),
        );
        assert_eq!(found, expected, "{class}");
    };
    check("api", ("api", 1000, 3600)).await;
    check("auth", ("auth", 10, 300)).await;
    check("upload", ("upload", 50, 3600)).await;
    check("search", ("search", 200, 3600)).await;
    check("something else", ("api", 1000, 3600)).await;
}
