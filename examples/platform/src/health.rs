//! How the server is: its parts, and who is told.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tenancy_cache::EdgeFollower;
use tenancy_core::PlatformScope;
use tenancy_core::blob::BlobStore;
use tenancy_core::redis::Redis;
use tenancy_core::registry::SqlTenants;
use tenancy_core::sql::Database;
use tenancy_observability::health::checks::{
    DatabaseCheck, DiskCheck, JournalCheck, MemoryCheck, RedisCheck, StorageCheck,
};
use tenancy_observability::health::{Check as _, Finding, Health, HealthLayer, Part};
use tokio::sync::watch;

use crate::config::Config;
use crate::edge::Cdn;
use crate::platform::Platform;

/// How often parts are looked at that change slowly, and such that cost something to look at.
const SLOWLY: Duration = Duration::from_secs(10);
const SELDOM: Duration = Duration::from_secs(30);

/// The parts of a server. Only without its database can it do nothing: without Redis it caches and limits
/// by itself, and without its files it still sells.
pub(crate) fn of(
    config: &Config,
    database: &Database,
    scope: &PlatformScope,
    registry: &SqlTenants,
    redis: Option<&Redis>,
) -> Health {
    let wanted = &config.health;
    let store = Part::critical("database").kind("datastore");
    let disk = DiskCheck::new(&config.data).limits(
        wanted.disk_warn_percent.get(),
        wanted.disk_fail_percent.get(),
    );
    let memory = MemoryCheck::default().limits(
        wanted.memory_warn_percent.get(),
        wanted.memory_fail_percent.get(),
    );
    let consumers = config
        .edge
        .purge_url
        .as_ref()
        .map(|_| EdgeFollower::<Cdn>::NAME);
    let journal = JournalCheck::new(database, scope, registry.clone(), consumers);
    let folder = config.media_folder();
    let mut health = Health::builder()
        .check(
            store.every(wanted.every()),
            DatabaseCheck::new(database, scope),
        )
        .check(
            Part::optional("journal")
                .measures("age")
                .every(SELDOM)
                .time_out(SLOWLY),
            journal,
        )
        .check(
            Part::optional("files")
                .kind("datastore")
                .every(SELDOM)
                .time_out(SLOWLY),
            move || files(folder.clone()),
        )
        .check(system("disk").every(SLOWLY), disk)
        .check(system("memory").every(SLOWLY), memory);
    if let Some(redis) = redis {
        let part = Part::optional("redis").kind("datastore");
        health = health.check(part, RedisCheck::new(redis, &config.redis_prefix));
    }
    health.build()
}

const fn system(name: &'static str) -> Part {
    Part::optional(name).measures("utilization").kind("system")
}

/// Where uploaded files are kept; the folder is opened anew each time, so it may have been away.
async fn files(folder: PathBuf) -> Finding {
    match BlobStore::folder(folder) {
        Ok(store) => StorageCheck::new(&store).run().await,
        Err(_) => Finding::fail("the folder of files cannot be used"),
    }
}

/// Answers probes, and tells how the parts are to whoever shows the token.
pub(crate) fn layer(platform: &Platform) -> HealthLayer {
    let token = platform.config().health.token.clone();
    HealthLayer::new(platform.health()).details_for(move |parts: &Parts| {
        let shown = parts.headers.get(AUTHORIZATION);
        let shown = shown.and_then(|shown| shown.as_bytes().strip_prefix(b"Bearer "));
        match (shown, &token) {
            (Some(shown), Some(token)) => {
                verify_slices_are_equal(shown, token.expose().as_bytes()).is_ok()
            }
            _ => false,
        }
    })
}

/// Looks at the parts until the end.
pub(crate) async fn keep_fresh(platform: Platform, mut ended: watch::Receiver<bool>) {
    tokio::select! {
        () = platform.health().keep_fresh() => {}
        _ = ended.wait_for(|ended| *ended) => {}
    }
}
