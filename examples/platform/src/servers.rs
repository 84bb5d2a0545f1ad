//! The servers that share a database: each tells the others how it is, so that operators see them all.

mod process;
mod store;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use self::process::{Used, memory_bytes};
use self::store::{put, remove};
use crate::logging;
use crate::platform::Platform;

pub(crate) use self::store::list;

/// How often a server tells of itself.
const EVERY: Duration = Duration::from_secs(15);

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

#[cfg(test)]
mod tests {
    use super::store::SHOWN_FOR;
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
}
