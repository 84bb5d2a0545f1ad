use std::error::Error;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use governor::{Quota as GovernorQuota, RateLimiter as Governor};
use tenancy_benches::{Report, paired};
use tenancy_core::redis::{Command, Redis};
use tenancy_security::address::AddressGroups;
use tenancy_security::rate_limit::{Caller, Class, Dimension, Policy, Quota, RateLimiter, Rules};
use tenancy_tests::Redis as Server;

const CLIENTS: u32 = 10_000;
const FLOOD: u32 = 2_000_000;
const AT_ONCE: usize = 50;

fn caller(number: u32) -> Caller {
    let address = IpAddr::V4(Ipv4Addr::from_bits(number));
    Caller::without_tenant().address(AddressGroups::default().key(address))
}

fn rules(policies: usize) -> Result<Rules, Box<dyn Error>> {
    // So much that nobody is refused, for that is the longer way.
    let quota = Quota::per_second(1_000_000_000);
    let dimensions = [Dimension::Identity, Dimension::Class, Dimension::Tenant];
    let mut class = Class::new("api")?;
    for (number, dimension) in dimensions.into_iter().take(policies).enumerate() {
        class = class.policy(Policy::new(&format!("policy-{number}"), quota)?.by(dimension));
    }
    Ok(Rules::new(class))
}

/// Decisions about who may go on, in this process and in Redis.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    // Boxed, for the compiler's sake: futures of measured clients lie deep in each other.
    Box::pin(alone(report)).await?;
    flood(report).await?;
    Box::pin(shared(report)).await
}

async fn alone(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let quota = GovernorQuota::per_second(NonZeroU32::new(1_000_000_000).ok_or("zero")?);
    let governor = Governor::dashmap(quota);
    let addresses: Vec<_> = (0..CLIENTS)
        .map(|number| IpAddr::V4(Ipv4Addr::from_bits(number)))
        .collect();
    let callers: Vec<_> = (0..CLIENTS).map(caller).collect();
    for (policies, name, budget) in [
        (1, "a check by address, against governor's (s)", Some(1.5)),
        (
            3,
            "a check of three policies, against governor's of one (s)",
            None,
        ),
    ] {
        let limiter = RateLimiter::new(rules(policies)?);
        let ours = async |count| {
            for caller in callers.iter().cycle().take(count) {
                black_box(limiter.check(caller, "api", 1).await.is_admitted());
            }
        };
        let theirs = async |count| {
            for address in addresses.iter().cycle().take(count) {
                black_box(governor.check_key(address).is_ok());
            }
        };
        report.row(paired(name, budget, (15, 200_000), ours, theirs).await);
    }
    Ok(())
}

/// Two million clients, and one who had used his quota up before them.
async fn flood(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let rules = Rules::new(Class::new("api")?.policy(Policy::new("api", Quota::per_hour(5))?));
    let limiter = RateLimiter::new(rules);
    let spent = Caller::without_tenant().named("spent");
    for _ in 0..5 {
        let _ = limiter.check(&spent, "api", 1).await;
    }
    let before = resident_bytes()?;
    for number in 0..FLOOD {
        let _ = limiter.check(&caller(number), "api", 1).await;
    }
    let grown = resident_bytes()?.saturating_sub(before);
    let bound = limiter.memory_bytes() as f64;
    report.limit(
        "memory that 2,000,000 clients take, against the limiter's own (bytes)",
        grown as f64,
        bound,
    );
    let mut admitted = 0;
    for _ in 0..200 {
        admitted += u32::from(limiter.check(&spent, "api", 1).await.is_admitted());
    }
    if admitted > 0 {
        return Err(format!("a spent client was admitted {admitted} times after the flood").into());
    }
    Ok(())
}

async fn shared(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let server = Server::start().await;
    let redis = Redis::builder(&server.url())
        .time_out(Duration::from_secs(5))
        .build()?;
    let callers: Vec<_> = (0..CLIENTS).map(caller).collect();
    let increment = async |count: usize| {
        let lane = async |lane: usize| {
            for _ in 0..count / AT_ONCE {
                let command = Command::new("INCR").key(format!("count-{lane}"));
                black_box(redis.command(command).await.is_ok());
            }
        };
        join_all((0..AT_ONCE).map(lane)).await;
    };
    for (policies, name) in [
        (1, "a decision in Redis, 50 at once, against INCR (s)"),
        (
            3,
            "a decision on three policies in Redis, 50 at once, against INCR (s)",
        ),
    ] {
        let limiter = RateLimiter::builder(rules(policies)?)
            .redis(redis.clone(), name)
            .build();
        let decide = async |count: usize| {
            let lane = async |lane: usize| {
                for step in 0..count / AT_ONCE {
                    let caller = &callers[(lane + step * AT_ONCE) % callers.len()];
                    black_box(limiter.check(caller, "api", 1).await.is_admitted());
                }
            };
            join_all((0..AT_ONCE).map(lane)).await;
        };
        report.row(paired(name, None, (9, 20_000), decide, increment).await);
    }
    Ok(())
}

/// What the process holds in memory, in bytes (Linux).
fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<usize>()? * 1024)
}
