use std::time::{Duration, Instant};

use metrics::counter;
use tenancy_core::Error;
use tenancy_core::log_throttle::LogThrottle;
use tenancy_security::block::Block;
use tokio::sync::watch;

use super::record::BlockRecord;
use super::store;
use crate::logging;
use crate::platform::Platform;

/// How often the list is looked at. What one server bans takes two such times to be known to all, and
/// that is to be less than a second.
const EVERY: Duration = Duration::from_millis(300);

/// How many bans that could not be written down wait for the database; they hold here meanwhile.
const UNKEPT_MAX: usize = 10_000;

/// How many are written down in one transaction, which nobody else can change the list beside. There are as
/// many as take [`EVERY`] before the list is read again.
const BATCH: usize = 100;

/// The list in memory, as far as it is like the one in the database.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    known: Option<i64>,
    unkept: Vec<Block>,
}

/// Keeps the list like the database's until the end.
pub(crate) async fn keep(platform: Platform, ended: watch::Receiver<bool>) {
    let follower = Follower::begin(&platform).await;
    follower.follow(platform, ended).await;
}

impl Follower {
    /// Reads the list for the first time, before anybody is served.
    pub(crate) async fn begin(platform: &Platform) -> Self {
        let mut follower = Self::default();
        follower.step(platform).await;
        follower
    }

    /// Keeps the list like the one in the database, and writes down there whom this server has banned,
    /// until the end.
    ///
    /// While the database is away, what is known stays blocked.
    async fn follow(mut self, platform: Platform, mut ended: watch::Receiver<bool>) {
        let mut is_last = false;
        while !is_last {
            is_last = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                _ = ended.wait_for(|ended| *ended) => true,
            };
            self.step(&platform).await;
        }
    }

    async fn step(&mut self, platform: &Platform) {
        self.unkept.extend(platform.blocks().take_bans());
        count_forgotten(self.unkept.len().saturating_sub(UNKEPT_MAX));
        self.unkept.truncate(UNKEPT_MAX);
        // What cannot be written down must not keep what others wrote from being read.
        for done in [self.keep(platform).await, self.read(platform).await] {
            if let Err(error) = done
                && let Some(left_out) = logging::admit(error.is_transient())
            {
                tracing::warn!(%error, left_out, "the block list is not up to date");
            }
        }
    }

    async fn keep(&mut self, platform: &Platform) -> Result<(), Error> {
        let since = Instant::now();
        while !self.unkept.is_empty() && since.elapsed() < EVERY {
            let count = self.unkept.len().min(BATCH);
            let bans = self.unkept[..count].iter().map(BlockRecord::of_ban);
            let bans: Vec<_> = bans.collect();
            let mut tx = platform.database().platform(platform.scope()).await?;
            let left_out = store::ban(&mut tx, &bans).await?;
            tx.commit().await?;
            count_forgotten(left_out);
            self.unkept.drain(..count);
        }
        Ok(())
    }

    async fn read(&mut self, platform: &Platform) -> Result<(), Error> {
        let mut tx = platform.database().platform_read(platform.scope()).await?;
        let revision = store::revision(&mut tx).await?;
        if self.known == Some(revision) {
            return tx.commit().await;
        }
        let records = store::kept(&mut tx).await?;
        tx.commit().await?;
        let blocks = records.iter().map(BlockRecord::block);
        let blocks = blocks.chain(self.unkept.iter().cloned());
        if let Err(error) = platform.blocks().replace(blocks) {
            tracing::error!(%error, "some addresses that are to be blocked are served");
        }
        self.known = Some(revision);
        Ok(())
    }
}

/// Tells of bans that other servers never hear of, and this one only until it reads the list again.
fn count_forgotten(bans: usize) {
    static OFTEN: LogThrottle = LogThrottle::new(Duration::from_secs(10));
    if bans == 0 {
        return;
    }
    counter!("tenancy_block_bans_forgotten_total").increment(bans as u64);
    if let Some(left_out) = OFTEN.admit() {
        tracing::warn!(
            bans,
            left_out,
            "more addresses are banned than the list has room for"
        );
    }
}
