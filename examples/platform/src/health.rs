//! How the server is: its parts, and who is told.

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tenancy_cache::EdgeFollower;
use tenancy_core::PlatformScope;
use tenancy_core::blob::BlobStore;
use tenancy_core::outbound::Outbound;
use tenancy_core::redis::Redis;
use tenancy_core::registry::SqlTenants;
use tenancy_core::sql::Database;
use tenancy_observability::health::checks::{
    DatabaseCheck, DiskCheck, JournalCheck, MemoryCheck, RedisCheck, ServiceCheck, StorageCheck,
};
use tenancy_observability::health::{Check as _, Finding, Health, HealthLayer, Part};
use tenancy_observability::outgoing::SlowOutgoing;
use tenancy_observability::trace_context::TraceContext;
use tokio::sync::watch;

use crate::config::{Config, Service};
use crate::edge::Cdn;
use crate::failure::Failure;
use crate::platform::Platform;

/// How often parts are looked at that change slowly, and such that cost something to look at.
const SLOWLY: Duration = Duration::from_secs(10);
const SELDOM: Duration = Duration::from_secs(30);

/// The parts of a server. Of its own it needs the database to do anything: without Redis it caches and limits
/// by itself, and without its files it still sells. Of others it needs what its settings say.
pub(crate) fn of(
    config: &Config,
    database: &Database,
    scope: &PlatformScope,
    registry: &SqlTenants,
    redis: Option<&Redis>,
    outgoing: &SlowOutgoing,
) -> Result<Health, Failure> {
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
    for (name, service) in &wanted.services {
        // Settings are read once, and these are few.
        let name = name.as_str().to_owned().leak();
        let part = match service.critical {
            true => Part::critical(name),
            false => Part::optional(name),
        };
        let part = part.every(service.every()).time_out(service.time_out());
        health = health.check(part, other(service, outgoing)?);
    }
    Ok(health.build())
}

/// An operator's own services may be on networks of one's own.
fn other(service: &Service, outgoing: &SlowOutgoing) -> Result<ServiceCheck, Failure> {
    let outbound = Outbound::builder().internal_addresses();
    let outbound = outbound
        .time_out(service.time_out())
        .headers(TraceContext::write_current)
        .observe(outgoing.observer())
        .build()?;
    Ok(ServiceCheck::new(&outbound, service.url.uri().clone()))
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenancy_observability::health::Status;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// The address of a service that answers everything so.
    async fn service(status: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let answer =
                    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://{address}/ping")
    }

    /// How a platform is that needs other services, and each of them.
    async fn health(services: serde_json::Value) -> (Status, Vec<(String, Status)>) {
        let mut config = Config::default();
        config.health.services = serde_json::from_value(services).unwrap();
        let (platform, _folder) = Platform::in_new_folder(config).await;
        platform.health().started();
        // A part changes sides when it was found so twice.
        platform.health().full().await;
        let report = platform.health().full().await;
        let parts = report.parts().iter().map(|part| {
            let name = part.part.name().to_owned();
            (name, part.finding.status())
        });
        let others = |(name, _): &(String, Status)| !PARTS.contains(&&**name);
        (report.status(), parts.filter(others).collect())
    }

    const PARTS: [&str; 5] = ["database", "disk", "files", "journal", "memory"];

    #[tokio::test]
    async fn other_services_are_asked_and_only_what_is_critical_makes_the_server_unready() {
        let [up, down] = [service("204 No Content").await, service("302 Found").await];
        let named = |critical: bool| {
            json!({
                "up": { "url": up, "critical": true, "time_out_seconds": 30 },
                "down": { "url": down, "critical": critical, "time_out_seconds": 30 },
            })
        };
        let parts = [
            ("down".to_owned(), Status::Fail),
            ("up".to_owned(), Status::Pass),
        ];
        let (status, found) = health(named(false)).await;
        assert_eq!((status, &*found), (Status::Warn, &parts[..]));
        let (status, found) = health(named(true)).await;
        assert_eq!((status, &*found), (Status::Fail, &parts[..]));
    }
}
