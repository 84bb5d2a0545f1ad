//! What the database and Redis say of themselves.

use std::error::Error as _;

use jiff::Timestamp;
use tenancy_core::redis::{Command, EvictionScope, Redis};
use tenancy_core::{Error, on_tx};
use tenancy_observability::readiness::postgres::{SETTINGS, Settings};
use tenancy_observability::readiness::{Finding, build, redis};

use crate::platform::Platform;

/// It was opened, so the schema is that of this version.
pub(super) async fn answers(platform: &Platform) -> Finding {
    match platform.check().await {
        Ok(()) => Finding::pass("it answers, and its schema is current"),
        Err(failure) => Finding::fail(failure.to_string(), "see that it runs"),
    }
}

pub(super) async fn isolation(platform: &Platform) -> Finding {
    let report = match platform.audit().await {
        Ok(report) => report,
        Err(failure) => return Finding::unknown(failure.to_string(), "run `platform health`"),
    };
    if let Err(leaks) = report.require_isolation() {
        return Finding::fail(leaks.to_string(), "run what it says");
    }
    let warnings = report.warnings().iter();
    let warnings: Vec<String> = warnings.map(ToString::to_string).collect();
    if warnings.is_empty() {
        Finding::pass("the audit found no way from one tenant to another")
    } else {
        Finding::warn(warnings.join("; "), "run what it says")
    }
}

/// Whether PostgreSQL has the same time; SQLite has ours.
pub(super) async fn clock(platform: &Platform) -> Finding {
    let asked = Timestamp::now();
    match database_time(platform).await {
        Ok(theirs) => build::clock(asked, theirs, Timestamp::now()),
        Err(error) => untold(&error),
    }
}

/// One side of PostgreSQL, for the login that serves and the connections that a node opens.
pub(super) async fn of_postgres(
    platform: &Platform,
    judge: impl FnOnce(&Settings, u32) -> Finding,
) -> Finding {
    let (_, wanted) = platform.database().storage().connections();
    match settings(platform).await {
        Ok(settings) => judge(&settings, wanted),
        Err(error) => untold(&error),
    }
}

/// Whether SQLite waits for the disk before it says that a commit has taken place.
pub(super) async fn sqlite_durability(platform: &Platform) -> Finding {
    match synchronous(platform).await {
        Ok(level) if level >= 2 => Finding::pass("each commit waits for the disk"),
        Ok(level) => Finding::fail(
            format!("synchronous is {level}: a loss of power can take confirmed orders with it"),
            "let nothing change PRAGMA synchronous, which is FULL by default",
        ),
        Err(error) => untold(&error),
    }
}

pub(super) async fn redis_eviction(redis: &Redis) -> Finding {
    let eviction = match redis.eviction().await {
        Ok(eviction) => eviction,
        Err(error) => return untold(&error),
    };
    let told = eviction.to_string();
    match eviction.scope() {
        EvictionScope::Nothing => Finding::pass("it drops no key to make room"),
        EvictionScope::ExpiringKeys => {
            Finding::warn(told, "CONFIG SET maxmemory-policy noeviction")
        }
        EvictionScope::AnyKey => Finding::fail(told, "CONFIG SET maxmemory-policy noeviction"),
        EvictionScope::Unknown => Finding::unknown(told, "ask its provider"),
    }
}

pub(super) async fn redis_durability(redis: &Redis) -> Finding {
    let answer = redis.command(Command::new("INFO").arg("persistence")).await;
    let text = answer.and_then(|value| value.into_bytes());
    match text {
        Ok(text) => redis::durability(&String::from_utf8_lossy(&text.unwrap_or_default())),
        Err(error) => untold(&error),
    }
}

/// Of PostgreSQL: in its own words, as no constant of both databases.
async fn database_time(platform: &Platform) -> Result<Timestamp, Error> {
    let sql = "select (extract(epoch from clock_timestamp()) * 1000)::bigint";
    let mut tx = platform.database().platform_read(platform.scope()).await?;
    let millis: i64 = on_tx!(&mut tx, |conn| {
        sqlx::query_scalar(sql).fetch_one(conn).await
    })?;
    tx.commit().await?;
    Ok(Timestamp::from_millisecond(millis).unwrap_or_default())
}

async fn settings(platform: &Platform) -> Result<Settings, Error> {
    let mut tx = platform.database().platform_read(platform.scope()).await?;
    let rows: Vec<(String, String)> = on_tx!(&mut tx, |conn| {
        sqlx::query_as(SETTINGS).fetch_all(conn).await
    })?;
    tx.commit().await?;
    Ok(Settings::new(rows))
}

async fn synchronous(platform: &Platform) -> Result<i64, Error> {
    let mut tx = platform.database().platform_read(platform.scope()).await?;
    let level: i64 = on_tx!(&mut tx, |conn| {
        sqlx::query_scalar("select synchronous from pragma_synchronous")
            .fetch_one(conn)
            .await
    })?;
    tx.commit().await?;
    Ok(level)
}

fn untold(error: &Error) -> Finding {
    let reason = error.source().map(ToString::to_string);
    let reason = reason.map_or_else(|| error.to_string(), |reason| format!("{error}: {reason}"));
    Finding::unknown(reason, "see that it runs and may be asked")
}
