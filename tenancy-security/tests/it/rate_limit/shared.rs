use std::time::Instant;

use tenancy_core::redis::{Command, Redis};
use tenancy_security::rate_limit::Outage;
use tenancy_tests::{Redis as Server, RedisCluster};
use tokio::task::JoinSet;

use super::*;

/// Longer than the usual, so that a busy machine is no outage.
const TIME_OUT: Duration = Duration::from_secs(1);

/// A limiter with a connection of its own, as each process has.
fn limiter(url: &str, rules: Rules) -> RateLimiter {
    let patient = Redis::builder(url).time_out(Duration::from_secs(20));
    let redis = patient.build().unwrap();
    RateLimiter::builder(rules).redis(redis, "test").build()
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_together_admit_exactly_as_many_as_may() {
    let server = Server::start().await;
    let mut crowd = JoinSet::new();
    for _ in 0..4 {
        let limiter = limiter(&server.url(), one_policy(Quota::per_hour(100)));
        for _ in 0..16 {
            let limiter = limiter.clone();
            crowd.spawn(async move { admitted(&limiter, &named("all"), 1000).await });
        }
    }
    assert_eq!(crowd.join_all().await.into_iter().sum::<usize>(), 100);
}

#[tokio::test]
async fn the_store_takes_all_policies_or_none() {
    for url in [
        Server::shared().await.url(),
        RedisCluster::shared().await.url(),
    ] {
        let name = format!("{:x}", fastrand::u64(..));
        let class = Class::new("api")
            .unwrap()
            .policy(policy(&format!("class-{name}"), Quota::per_hour(10)).by(Dimension::Class))
            .policy(policy("identity", Quota::per_hour(5)));
        let limiter = limiter(&url, Rules::new(class));
        let (one, other) = (named(&format!("1{name}")), named(&format!("2{name}")));
        assert_eq!(admitted(&limiter, &one, 9).await, 5);
        let left = async |caller| {
            let decision = limiter.check(caller, "api", 0).await;
            let left = decision.outcomes().map(|outcome| outcome.left());
            left.collect::<Vec<_>>()
        };
        assert_eq!(left(&one).await, [5, 0]);
        assert_eq!(left(&other).await, [5, 5]);
        assert_eq!(admitted(&limiter, &other, 9).await, 5);
        assert_eq!(left(&one).await, [0, 0]);
    }
}

#[tokio::test]
async fn the_store_counts_a_network_beside_its_addresses() {
    let name = format!("network-{:x}", fastrand::u64(..));
    let network = Dimension::Network { ipv6_bits: 48 };
    let class = Class::new("api")
        .unwrap()
        .policy(policy(&name, Quota::per_hour(7)).by(network))
        .policy(policy(&format!("of-{name}"), Quota::per_hour(5)));
    let limiter = limiter(&Server::shared().await.url(), Rules::new(class));
    let admitted = async |from: &str| admitted(&limiter, &by_address(from), 9).await;
    assert_eq!(admitted("192.0.2.1").await, 5);
    assert_eq!(admitted("2001:db8:1::1").await, 5);
    assert_eq!(admitted("2001:db8:1:1::1").await, 2);
    assert_eq!(admitted("2001:db8:2::1").await, 5);
}

#[tokio::test]
async fn what_the_store_took_can_be_given_back() {
    let limiter = limiter(
        &Server::shared().await.url(),
        one_policy(Quota::per_hour(10)),
    );
    let caller = named(&format!("{:x}", fastrand::u64(..)));
    let left = async |cost| {
        let decision = limiter.check(&caller, "api", cost).await;
        decision.outcomes().next().unwrap().left()
    };
    let taken = limiter.check(&caller, "api", 4).await;
    assert_eq!(left(6).await, 0);
    limiter.refund(&taken).await;
    assert_eq!(left(0).await, 4);
    for _ in 0..3 {
        limiter.refund(&taken).await;
    }
    assert_eq!(left(0).await, 10);
}

/// How many scripts the server has run so far.
async fn scripts(redis: &Redis) -> u64 {
    let reply = redis
        .command(Command::new("INFO").arg("commandstats"))
        .await;
    let text = reply.unwrap().into_bytes().unwrap().unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let calls = text
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_eval"))
        .filter_map(|line| {
            line.split_once("calls=")?
                .1
                .split_once(',')?
                .0
                .parse::<u64>()
                .ok()
        });
    calls.sum()
}

#[tokio::test]
async fn whoever_was_refused_costs_the_store_nothing_until_his_time() {
    let server = Server::start().await;
    let redis = Redis::builder(&server.url()).build().unwrap();
    let quota = Quota::new(2, NonZeroU32::new(4).unwrap());
    let limiter = limiter(&server.url(), one_policy(quota));
    assert_eq!(admitted(&limiter, &named("a"), 3).await, 2);
    let before = scripts(&redis).await;
    let refused = limiter.check(&named("a"), "api", 1).await;
    assert_eq!(admitted(&limiter, &named("a"), 50).await, 0);
    assert_eq!(scripts(&redis).await, before);
    assert_eq!(
        limiter.check(&named("a"), "api", 3).await.retry_after(),
        None
    );
    sleep(refused.retry_after().unwrap()).await;
    assert!(admits(&limiter, &named("a")).await);

    // A refusal under another quota says nothing.
    assert_eq!(admitted(&limiter, &named("a"), 9).await, 0);
    limiter.set_rules(one_policy(Quota::new(20, NonZeroU32::new(2).unwrap())));
    assert!(admitted(&limiter, &named("a"), 99).await >= 18);
}

/// With everything as it is unless set otherwise.
#[tokio::test(start_paused = true)]
async fn a_store_that_says_nothing_is_decided_without_after_fifty_milliseconds() {
    // It takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let redis = Redis::builder(&url).build().unwrap();
    let class = |name: &str, outage| {
        let policy = policy(name, Quota::per_hour(2));
        Class::new(name).unwrap().policy(policy).outage(outage)
    };
    let rules = Rules::new(class("read", Outage::Open)).class(class("login", Outage::Closed));
    let limiter = RateLimiter::builder(rules).redis(redis, "test").build();
    let ask = async |class: &str| {
        let began = tokio::time::Instant::now();
        let verdict = limiter.check(&named("a"), class, 1).await.verdict();
        (verdict, began.elapsed().as_millis())
    };
    let (verdict, took) = ask("read").await;
    // Tokio's clock goes by milliseconds, and the next may have begun.
    assert!([50, 51].contains(&took), "{took} ms");
    assert_eq!(verdict, Verdict::Admitted);
    assert_eq!(ask("read").await.0, Verdict::Admitted);
    assert_eq!(ask("read").await.0, Verdict::Exceeded);
    assert_eq!(ask("login").await.0, Verdict::Unavailable);
}

#[tokio::test]
async fn while_the_store_is_away_each_process_limits_by_itself_or_closes() {
    let server = Server::start().await;
    let redis = Redis::builder(&server.url())
        .time_out(TIME_OUT)
        .build()
        .unwrap();
    let class = |name: &str, outage| {
        let policy = policy(name, Quota::per_hour(5));
        Class::new(name).unwrap().policy(policy).outage(outage)
    };
    let rules = Rules::new(class("read", Outage::Open)).class(class("login", Outage::Closed));
    let limiter = RateLimiter::builder(rules).redis(redis, "test").build();
    let ask = async |class: &str| {
        let began = Instant::now();
        let verdict = limiter.check(&named("a"), class, 1).await.verdict();
        (verdict, began.elapsed())
    };
    let verdicts = async |class: &str| {
        let mut verdicts = vec![];
        for _ in 0..6 {
            verdicts.push(ask(class).await.0);
        }
        verdicts
    };
    assert_eq!(ask("read").await.0, Verdict::Admitted);
    assert_eq!(ask("login").await.0, Verdict::Admitted);
    server.pause().await;

    let (verdict, took) = ask("login").await;
    assert_eq!(verdict, Verdict::Unavailable);
    assert!((TIME_OUT..2 * TIME_OUT).contains(&took), "{took:?}");
    let admitted_five = [[Verdict::Admitted; 5].as_slice(), &[Verdict::Exceeded]].concat();
    assert_eq!(verdicts("read").await, admitted_five);
    // One was asked for above; whatever is tried is counted here as well.
    let closed = [
        [Verdict::Unavailable; 4].as_slice(),
        &[Verdict::Exceeded; 2],
    ]
    .concat();
    assert_eq!(verdicts("login").await, closed);

    server.resume().await;
    let recovered = Instant::now() + Duration::from_secs(10);
    while ask("login").await.0 != Verdict::Admitted {
        assert!(Instant::now() < recovered, "it does not recover");
        sleep(Duration::from_millis(20)).await;
    }
}
