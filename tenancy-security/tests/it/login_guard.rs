use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::{Actor, Purpose, Tenant, TenantId, TenantScope, Tenants};
use tenancy_security::address::{AddressGroups, AddressKey};
use tenancy_security::block::{Block, BlockList, Effect};
use tenancy_security::login_guard::LoginGuard;
use tokio::time::advance;

fn address(text: &str) -> AddressKey {
    AddressGroups::default().key(text.parse().unwrap())
}

/// A guard whose clock a test can stop, and the list it writes to.
fn guard() -> (LoginGuard, BlockList) {
    let blocks = BlockList::default();
    let guard = LoginGuard::builder(&blocks).tokio_clock().build();
    (guard, blocks)
}

async fn shops() -> [TenantScope; 2] {
    let registry = InMemoryTenants::default();
    let [acme, bolt] = ["acme", "bolt"].map(|slug| {
        let tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        registry.add(&tenant).unwrap()
    });
    let tenants = Tenants::new(registry);
    let scope = |tenant: Tenant| {
        let tenants = tenants.clone();
        async move {
            let scope = tenants.scope(tenant.id, Actor::anonymous(), Purpose::Request);
            scope.await.unwrap()
        }
    };
    [scope(acme).await, scope(bolt).await]
}

/// Fails once; returns how late the answer is, or `None` where the attempt is refused.
async fn fail(
    guard: &LoginGuard,
    scope: &TenantScope,
    account: &str,
    from: &str,
) -> Option<Duration> {
    let attempt = guard
        .begin(Some(scope), account, address(from))
        .await
        .ok()?;
    let delay = attempt.delay();
    attempt.failed().await;
    Some(delay)
}

#[tokio::test(start_paused = true)]
async fn who_guesses_is_refused_and_the_owner_elsewhere_is_not() {
    let (guard, _) = guard();
    let [acme, bolt] = shops().await;
    for _ in 0..10 {
        fail(&guard, &acme, "Ann@example.com ", "192.0.2.1")
            .await
            .unwrap();
    }
    // The right password makes no difference, for it is not looked at.
    let refused = guard
        .begin(Some(&acme), "ann@example.com", address("192.0.2.1"))
        .await;
    let wait = refused.unwrap_err().retry_after().unwrap();
    let begins = async |scope: &TenantScope, account: &str, from: &str| {
        guard
            .begin(Some(scope), account, address(from))
            .await
            .is_ok()
    };
    assert!(begins(&acme, "ann@example.com", "192.0.2.2").await);
    assert!(begins(&acme, "bob@example.com", "192.0.2.1").await);
    assert!(begins(&bolt, "ann@example.com", "192.0.2.1").await);
    advance(wait).await;
    assert!(begins(&acme, "ann@example.com", "192.0.2.1").await);
}

#[tokio::test(start_paused = true)]
async fn whoever_signs_in_is_charged_nothing() {
    let (guard, _) = guard();
    let [acme, _] = shops().await;
    for _ in 0..50 {
        let attempt = guard
            .begin(Some(&acme), "ann", address("192.0.2.1"))
            .await
            .unwrap();
        attempt.succeeded().await;
    }
    for _ in 0..9 {
        fail(&guard, &acme, "ann", "192.0.2.1").await.unwrap();
    }
    let attempt = guard
        .begin(Some(&acme), "ann", address("192.0.2.1"))
        .await
        .unwrap();
    drop(attempt);
    assert!(
        guard
            .begin(Some(&acme), "ann", address("192.0.2.1"))
            .await
            .is_err()
    );
}

/// A refusal is not remembered longer than its cause lasts.
#[cfg(feature = "redis")]
#[tokio::test]
async fn many_right_sign_ins_at_once_are_charged_nothing_in_redis_either() {
    let server = tenancy_tests::Redis::shared().await;
    let redis = tenancy_core::redis::Redis::builder(&server.url())
        .time_out(Duration::from_secs(20))
        .build()
        .unwrap();
    let guard = LoginGuard::builder(&BlockList::default()).redis(redis, "right:");
    let guard = guard.build();
    let begin = || guard.begin(None, "ann", address("192.0.2.1"));
    let mut attempts = vec![];
    for _ in 0..10 {
        attempts.push(begin().await.unwrap());
    }
    assert!(begin().await.is_err());
    for attempt in attempts {
        attempt.succeeded().await;
    }
    assert!(begin().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_tries_many_accounts_is_blocked_in_that_shop() {
    let (guard, blocks) = guard();
    let [acme, bolt] = shops().await;
    let is_blocked = |scope: &TenantScope| {
        let address = "2001:db8::7".parse().unwrap();
        blocks.check(address, Some(scope.tenant_id())).is_some()
    };
    for account in 0..19 {
        // Failing more than once for one account is no more accounts.
        for _ in 0..3 {
            fail(&guard, &acme, &account.to_string(), "2001:db8::1").await;
        }
    }
    assert!(!is_blocked(&acme));
    fail(&guard, &acme, "the twentieth", "2001:db8::2").await;
    assert!(is_blocked(&acme));
    assert!(!is_blocked(&bolt));
}

#[tokio::test(start_paused = true)]
async fn who_was_given_many_networks_is_held_to_more_but_not_to_as_much_in_each() {
    let (guard, blocks) = guard();
    let [acme, _] = shops().await;
    let from = |network: u32| format!("2001:db8:1:{network:x}::1");
    // One account from all of them.
    let mut failed = 0;
    for network in 0..100 {
        failed += u32::from(fail(&guard, &acme, "ann", &from(network)).await.is_some());
    }
    assert_eq!(failed, 50);
    assert!(fail(&guard, &acme, "ann", "2001:db8:2::1").await.is_some());
    assert!(fail(&guard, &acme, "ann", "192.0.2.1").await.is_some());
    // Many accounts from each, too few to block any of them alone. Those above count as well.
    for number in 0..149 {
        fail(
            &guard,
            &acme,
            &number.to_string(),
            &from(1000 + number / 10),
        )
        .await;
    }
    let is_blocked = |address: &str| {
        let tenant_id = Some(acme.tenant_id());
        blocks.check(address.parse().unwrap(), tenant_id).is_some()
    };
    assert!(!is_blocked(&from(2000)));
    fail(&guard, &acme, "the last", &from(2000)).await;
    assert!(is_blocked(&from(3000)));
    assert!(!is_blocked("2001:db8:2::1"));
}

#[tokio::test(start_paused = true)]
async fn networks_are_counted_apart_where_that_is_asked_for() {
    let blocks = BlockList::default();
    let guard = LoginGuard::builder(&blocks).site_bits(None).tokio_clock();
    let guard = guard.build();
    let [acme, _] = shops().await;
    for network in 0..300 {
        let from = format!("2001:db8:1:{network:x}::1");
        fail(&guard, &acme, "ann", &from).await.unwrap();
    }
    assert_eq!(blocks.entries(Some(acme.tenant_id())), []);
}

/// How long the guard blocks an address that tries many accounts, all at once, in seconds.
async fn bans(guard: &LoginGuard, blocks: &BlockList, scope: &TenantScope, from: &str) -> Vec<i64> {
    let mut attempts = vec![];
    for account in 0..40 {
        let account = format!("{account}");
        let attempt = guard.begin(Some(scope), &account, address(from)).await;
        attempts.push(attempt.unwrap());
    }
    for attempt in attempts {
        attempt.failed().await;
    }
    let bans = blocks.take_bans().into_iter().map(|ban| {
        let time = ban
            .ends_at()
            .unwrap()
            .duration_since(ban.began_at().unwrap());
        time.as_secs()
    });
    bans.collect()
}

#[tokio::test(start_paused = true)]
async fn attempts_that_fail_together_are_one_reason_to_block_their_address() {
    let (guard, blocks) = guard();
    let [acme, bolt] = shops().await;
    assert_eq!(bans(&guard, &blocks, &acme, "192.0.2.1").await, [3600]);
    // What is blocked already, or allowed, is left so.
    let network = address("192.0.2.2").network();
    blocks.put(Block::new(network, "for good")).unwrap();
    assert_eq!(bans(&guard, &blocks, &acme, "192.0.2.2").await, [0; 0]);
    let network = address("192.0.2.1").network();
    let allowed = Block::new(network, "the office").effect(Effect::Allow);
    blocks.put(allowed.of_tenant(bolt.tenant_id())).unwrap();
    assert_eq!(bans(&guard, &blocks, &bolt, "192.0.2.1").await, [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_blocked_for_twice_as_long_whoever_blocked_him_before() {
    let [acme, _] = shops().await;
    let check = async |lasted: i64, expected: i64| {
        let (guard, blocks) = guard();
        let now = Timestamp::now();
        let ban = Block::new(address("192.0.2.1").network(), "by another process")
            .of_tenant(acme.tenant_id())
            .since(now - SignedDuration::from_secs(lasted + 60))
            .until(now - SignedDuration::from_secs(60));
        blocks.put(ban).unwrap();
        let found = bans(&guard, &blocks, &acme, "192.0.2.1").await;
        assert_eq!(found, [expected], "{lasted}");
    };
    check(3600, 2 * 3600).await;
    check(10 * 3600, 20 * 3600).await;
    check(20 * 3600, 24 * 3600).await;
    check(1, 3600).await;
}

/// A mail program somewhere in an office goes on trying the password of last year.
#[tokio::test(start_paused = true)]
async fn one_account_that_fails_all_day_is_no_reason_to_block_its_address() {
    let (guard, blocks) = guard();
    let [acme, _] = shops().await;
    for _ in 0..24 * 30 {
        fail(&guard, &acme, "ann", "192.0.2.1").await.unwrap();
        advance(Duration::from_secs(120)).await;
    }
    assert_eq!(blocks.entries(Some(acme.tenant_id())), []);
    // Beside it there is room for nearly as many others as there would be without.
    for account in 0..18 {
        fail(&guard, &acme, &account.to_string(), "192.0.2.1").await;
    }
    assert_eq!(blocks.entries(Some(acme.tenant_id())), []);
    for account in ["one more", "and another"] {
        fail(&guard, &acme, account, "192.0.2.1").await;
    }
    assert_eq!(blocks.entries(Some(acme.tenant_id())).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_the_world_guesses_is_answered_late_and_never_locked() {
    let (guard, blocks) = guard();
    let [acme, _] = shops().await;
    let mut delays = vec![];
    for client in 0..200 {
        let from = format!("198.51.100.{client}");
        delays.push(fail(&guard, &acme, "ann", &from).await.unwrap());
    }
    let milliseconds: Vec<_> = delays.iter().map(Duration::as_millis).collect();
    assert_eq!(
        milliseconds[..14],
        [[0; 11].as_slice(), &[100, 200, 400]].concat()
    );
    assert_eq!(milliseconds[199], 5_000);
    assert!(blocks.entries(Some(acme.tenant_id())).is_empty());
    let attempt = guard
        .begin(Some(&acme), "ann", address("192.0.2.1"))
        .await
        .unwrap();
    assert!(attempt.wants_proof());
    attempt.succeeded().await;

    let other = guard
        .begin(Some(&acme), "bob", address("192.0.2.1"))
        .await
        .unwrap();
    assert_eq!(
        (other.delay(), other.wants_proof()),
        (Duration::ZERO, false)
    );
}

#[tokio::test(start_paused = true)]
async fn who_comes_together_is_answered_as_late_as_who_comes_one_by_one() {
    let (guard, _) = guard();
    let [acme, _] = shops().await;
    let begin = async |client: u8| {
        let from = format!("198.51.100.{client}");
        guard
            .begin(Some(&acme), "ann", address(&from))
            .await
            .unwrap()
    };
    let mut attempts = vec![];
    for client in 0..14 {
        attempts.push(begin(client).await);
    }
    let milliseconds: Vec<_> = attempts.iter().map(|one| one.delay().as_millis()).collect();
    assert_eq!(
        milliseconds,
        [[0; 11].as_slice(), &[100, 200, 400]].concat()
    );
    // Those who did not fail make nobody late.
    for (number, attempt) in attempts.into_iter().enumerate() {
        match number % 2 {
            0 => attempt.succeeded().await,
            _ => attempt.withdrawn().await,
        }
    }
    assert_eq!(begin(100).await.delay(), Duration::ZERO);
}
