//! Asks a limiter in Redis for one caller again and again, from many tasks, and prints how many of the
//! requests were admitted. It begins when its input ends, so that several can begin together.

use std::error::Error;
use std::io;
use std::time::Duration;

use tenancy_core::redis::Redis;
use tenancy_security::rate_limit::{Caller, Class, Policy, Quota, RateLimiter, Rules};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, limit, tasks, requests] = &arguments[..] else {
        return Err("arguments: Redis, a limit by the hour, tasks, and requests of each".into());
    };
    // Longer than the usual, so that a busy machine is no outage.
    let redis = Redis::builder(url).time_out(Duration::from_secs(20));
    let policy = Policy::new("api", Quota::per_hour(limit.parse()?))?;
    let limiter = RateLimiter::builder(Rules::new(Class::new("api")?.policy(policy)))
        .redis(redis.build()?, "test")
        .build();
    let (tasks, requests): (usize, usize) = (tasks.parse()?, requests.parse()?);
    let mut crowd = JoinSet::new();
    println!("ready");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    for _ in 0..tasks {
        let limiter = limiter.clone();
        crowd.spawn(async move {
            let mut admitted = 0;
            for _ in 0..requests {
                let decision = limiter.check(&Caller::without_tenant(), "api", 1).await;
                admitted += usize::from(decision.is_admitted());
            }
            admitted
        });
    }
    println!("{}", crowd.join_all().await.into_iter().sum::<usize>());
    Ok(())
}
