//! What the servers of one platform share in Redis.

use std::error::Error as _;
use std::time::Duration;

use tenancy_cache::remote::RedisRemote;
use tenancy_core::ErrorKind;
use tenancy_core::redis::Redis;

use crate::config::Config;
use crate::failure::Failure;

/// How long to wait before a server that was away is asked for its settings again.
const WAIT: Duration = Duration::from_secs(5);

/// A handle to what the configuration names, whether or not it is there now.
pub(crate) fn connect(config: &Config) -> Result<Option<Redis>, Failure> {
    let connect = |url: &str| Redis::builder(url).build();
    let redis = config.redis_url.as_ref().map(|url| connect(url.expose()));
    redis.transpose().map_err(|error| {
        let reason = error.source().map(ToString::to_string).unwrap_or_default();
        Failure::new(format!(
            "TENANCY_REDIS_URL is no address of a Redis: {reason}"
        ))
    })
}

/// Refuses one that would lose what the servers rely on. One that is away is looked at when it
/// comes: until then each server works for itself.
pub(crate) async fn check(redis: &Redis) -> Result<(), Failure> {
    match RedisRemote::check(redis).await {
        Err(error) if is_away(&error) => {
            tracing::warn!(%error, "Redis is away: this server caches for itself until it is back");
            tokio::spawn(check_later(redis.clone()));
            Ok(())
        }
        checked => checked.map_err(refused),
    }
}

async fn check_later(redis: Redis) {
    loop {
        tokio::time::sleep(WAIT).await;
        match RedisRemote::check(&redis).await {
            Err(error) if is_away(&error) => {}
            Err(error) => return tracing::error!("{}", refused(error)),
            Ok(()) => return tracing::info!("Redis is there"),
        }
    }
}

fn is_away(error: &tenancy_core::Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::TimedOut)
}

fn refused(error: tenancy_core::Error) -> Failure {
    match error.source() {
        Some(sentence) if error.kind() == ErrorKind::InvalidInput => {
            Failure::new(sentence.to_string())
        }
        _ => Failure::from(error).context("cannot ask Redis for its settings"),
    }
}
