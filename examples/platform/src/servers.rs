//! The servers that share a database: each tells the others how it is, so that operators see them all.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tenancy_core::sql::PlatformTx;
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, on_tx};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::logging;
use crate::platform::Platform;

/// How often a server tells of itself.
const EVERY: Duration = Duration::from_secs(15);

/// For how long one is shown that tells nothing any more. One that has ended says so, and is shown no more.
const SHOWN_FOR: Duration = Duration::from_secs(600);

/// The most servers that are shown.
const SERVERS_MAX: i64 = 200;

/// How a server is. Shares are from 0 to 1; what the system does not say is `None`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ServerFigures {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) began_at: Option<Time>,
    /// How much of all processors it has used since it told of itself last.
    pub(crate) processors: Option<f64>,
    /// What the process holds.
    pub(crate) memory_bytes: Option<u64>,
    /// How much is used of the memory there is, by whomever.
    pub(crate) memory: Option<f64>,
    /// The same of the disk that its data are on.
    pub(crate) disk: Option<f64>,
    /// How much of the processor's time for requests goes to measuring them.
    pub(crate) measuring: Option<f64>,
}

/// A server, and when it told of itself.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) seen_at: Time,
    pub(crate) figures: ServerFigures,
}

#[derive(sqlx::FromRow)]
struct ServerRow {
    seen_at: i64,
    figures: String,
}

/// Tells of this server until the end, and then that it has ended.
pub(crate) async fn keep(platform: Platform, mut ended: watch::Receiver<bool>) {
    let (id, began_at) = (Uuid::now_v7(), Time::now());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut used: Option<Used> = None;
    loop {
        let is_over = tokio::select! {
            _ = ticks.tick() => false,
            _ = ended.wait_for(|ended| *ended) => true,
        };
        let now = Used::now();
        // A share of the first moment would say nothing.
        let processors = used.and_then(|used| used.share_until(&now));
        let figures = figures(&platform, began_at, processors);
        used = Some(now);
        let told = async {
            let mut tx = platform.database().platform(platform.scope()).await?;
            match is_over {
                true => remove(&mut tx, id).await?,
                false => put(&mut tx, id, &figures, Time::now()).await?,
            }
            tx.commit().await
        };
        if let Err(error) = told.await
            && let Some(left_out) = logging::admit(error.is_transient())
        {
            tracing::warn!(%error, left_out, "a server could not tell the others of itself");
        }
        if is_over {
            return;
        }
    }
}

fn figures(platform: &Platform, began_at: Time, processors: Option<f64>) -> ServerFigures {
    let health = platform.health().kept();
    let used = |name: &str| {
        let part = health.parts().iter().find(|part| part.part.name() == name);
        let (percent, _) = part?.finding.value()?;
        Some(percent as f64 / 100.0)
    };
    let layer = platform.performance().layer();
    ServerFigures {
        name: platform.config().server_name(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        began_at: Some(began_at),
        processors,
        memory_bytes: memory_bytes(),
        memory: used("memory"),
        disk: used("disk"),
        measuring: layer.and_then(|layer| layer.own_cost().share()),
    }
}

/// The servers that have told of themselves lately, the longest known first.
pub(crate) async fn list(platform: &Platform, now: Time) -> Result<Vec<Server>, Error> {
    const LIST: &str = "SELECT seen_at, figures FROM platform_servers WHERE seen_at > $1 \
         ORDER BY id LIMIT $2";
    let mut tx = platform.database().platform_read(platform.scope()).await?;
    let rows: Vec<ServerRow> = on_tx!(&mut tx, |conn| {
        sqlx::query_as(LIST)
            .bind(before(now))
            .bind(SERVERS_MAX)
            .fetch_all(conn)
            .await
    })?;
    tx.commit().await?;
    rows.into_iter().map(Server::try_from).collect()
}

/// Tells of a server, and removes those that have been silent for too long.
async fn put(
    tx: &mut PlatformTx,
    id: Uuid,
    figures: &ServerFigures,
    now: Time,
) -> Result<(), Error> {
    const PUT: &str = "INSERT INTO platform_servers (id, seen_at, figures) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, figures = excluded.figures";
    const SILENT: &str = "DELETE FROM platform_servers WHERE seen_at <= $1";
    let figures = serde_json::to_string(figures)
        .map_err(|error| Error::with_source(ErrorKind::InvalidInput, error))?;
    on_tx!(tx, |conn| {
        sqlx::query(PUT)
            .bind(id)
            .bind(now.as_microseconds())
            .bind(&figures)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    on_tx!(tx, |conn| {
        sqlx::query(SILENT)
            .bind(before(now))
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

async fn remove(tx: &mut PlatformTx, id: Uuid) -> Result<(), Error> {
    const REMOVE: &str = "DELETE FROM platform_servers WHERE id = $1";
    on_tx!(tx, |conn| {
        sqlx::query(REMOVE)
            .bind(id)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

fn before(now: Time) -> i64 {
    let shown_for = i64::try_from(SHOWN_FOR.as_micros()).unwrap_or(i64::MAX);
    now.as_microseconds().saturating_sub(shown_for)
}

impl TryFrom<ServerRow> for Server {
    type Error = Error;

    fn try_from(row: ServerRow) -> Result<Self, Error> {
        let corrupt = |error| Error::with_source(ErrorKind::Corrupt, error);
        Ok(Self {
            seen_at: Time::from_microseconds(row.seen_at),
            figures: serde_json::from_str(&row.figures).map_err(corrupt)?,
        })
    }
}

/// How much processor time the process has used, and when.
struct Used {
    processor: Duration,
    at: Instant,
}

impl Used {
    fn now() -> Self {
        let processor = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            processor: Duration::try_from(processor).unwrap_or_default(),
            at: Instant::now(),
        }
    }

    /// The share of all processors since then.
    fn share_until(&self, later: &Self) -> Option<f64> {
        let processors = std::thread::available_parallelism().ok()?.get() as f64;
        let passed = later.at.duration_since(self.at).as_secs_f64();
        let used = later.processor.saturating_sub(self.processor).as_secs_f64();
        (passed > 0.0).then(|| (used / passed / processors).min(1.0))
    }
}

/// What this process holds, where the system says so as Linux does.
fn memory_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    let size = u64::try_from(rustix::param::page_size()).ok()?;
    Some(pages * size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_server_is_shown_until_it_ends_or_has_long_been_silent() {
        let (platform, _folder) = Platform::in_new_folder(Config::default()).await;
        let shown = async |now| list(&platform, now).await.unwrap();
        let (end, ended) = watch::channel(false);
        let keeping = tokio::spawn(keep(platform.clone(), ended));
        let server = loop {
            if let [server] = &*shown(Time::now()).await {
                break server.clone();
            }
        };
        assert_eq!(server.figures.name, platform.config().server_name());
        assert!(server.figures.memory_bytes > Some(0), "{server:?}");
        assert_eq!(server.figures.processors, None);
        // Another, which nobody has heard of for a while.
        let silent = ServerFigures::default();
        let put_at = async |now| {
            let mut tx = platform.database().platform(platform.scope()).await?;
            put(&mut tx, Uuid::now_v7(), &silent, now).await?;
            tx.commit().await
        };
        let now = Time::now();
        put_at(now).await.unwrap();
        assert_eq!(shown(now).await.len(), 2);
        assert_eq!(shown(now.after(SHOWN_FOR)).await.len(), 0);
        end.send(true).unwrap();
        keeping.await.unwrap();
        let left = shown(now).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].figures.name, "");
    }

    #[test]
    fn processors_are_shared_by_all_threads_of_all_of_them() {
        let processors = std::thread::available_parallelism().unwrap().get() as f64;
        let at = Instant::now();
        let used = |processor, passed| Used {
            processor: Duration::from_secs(processor),
            at: at + Duration::from_secs(passed),
        };
        let share = used(5, 0).share_until(&used(7, 4)).unwrap();
        assert!((share - 0.5 / processors).abs() < 1e-9, "{share}");
        assert_eq!(used(5, 0).share_until(&used(5, 0)), None);
    }
}
