use std::time::Duration;

use tenancy_core::Error;
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

/// Keeps the list in memory like the one in the database, and writes down there whom this server has
/// banned, until the end.
///
/// While the database is away, what is known stays blocked.
pub(crate) async fn follow(platform: Platform, mut ended: watch::Receiver<bool>) {
    let mut known = None;
    let mut unkept = Vec::new();
    loop {
        unkept.extend(platform.blocks().take_bans());
        unkept.truncate(UNKEPT_MAX);
        if let Err(error) = step(&platform, &mut known, &mut unkept).await
            && let Some(left_out) = logging::admit(error.is_transient())
        {
            tracing::warn!(%error, left_out, "the block list is not up to date");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = ended.wait_for(|ended| *ended) => return,
        }
    }
}

async fn step(
    platform: &Platform,
    known: &mut Option<i64>,
    unkept: &mut Vec<Block>,
) -> Result<(), Error> {
    let (database, scope) = (platform.database(), platform.scope());
    if !unkept.is_empty() {
        let mut tx = database.platform(scope).await?;
        for block in unkept.iter() {
            store::put(&mut tx, &BlockRecord::of(block)).await?;
        }
        tx.commit().await?;
        unkept.clear();
    }
    let mut tx = database.platform_read(scope).await?;
    let revision = store::revision(&mut tx).await?;
    if *known == Some(revision) {
        return tx.commit().await;
    }
    let records = store::list(&mut tx).await?;
    tx.commit().await?;
    let blocks = records.iter().map(BlockRecord::block);
    match platform
        .blocks()
        .replace(blocks.chain(unkept.iter().cloned()))
    {
        Ok(()) => *known = Some(revision),
        Err(error) => tracing::error!(%error, "blocked addresses are not all refused"),
    }
    Ok(())
}
