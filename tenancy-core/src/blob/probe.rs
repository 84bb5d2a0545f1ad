use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use uuid::Uuid;

use super::blobs::{in_background, sweep};
use super::error::within;
use super::store::BlobStore;
use crate::error::{Error, ErrorKind};

/// Beside the tenants' places, which are named by ids.
const PLACE: &str = "_probes";

/// How old a probe must be to have been left behind by somebody who is gone.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(600);

/// How many of others' leftovers one probe looks at.
const LOOKED_AT_MAX: usize = 100;

impl BlobStore {
    /// Writes a small object beside the tenants' places, reads it back and deletes it, and with it what
    /// a probe that was cut off has left ten minutes ago or earlier. `time_out` bounds each of the steps.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable), [`TimedOut`](ErrorKind::TimedOut), and
    /// [`Corrupt`](ErrorKind::Corrupt) where something else is read than was written.
    pub async fn probe(&self, time_out: Duration) -> Result<(), Error> {
        let content = Uuid::now_v7().to_string();
        let path = Path::from(format!("{PLACE}/{content}"));
        within(time_out, self.store.put(&path, content.clone().into())).await?;
        let read = async { self.store.get(&path).await?.bytes().await };
        let read = within(time_out, read).await;
        let deleted = within(time_out, self.store.delete(&path)).await;
        if read? != content {
            let text = "the store gives back something else than it was given";
            return Err(Error::with_source(ErrorKind::Corrupt, text));
        }
        deleted?;
        self.sweep_probes(time_out).await
    }

    async fn sweep_probes(&self, time_out: Duration) -> Result<(), Error> {
        let place = Path::from(PLACE);
        let left = self.store.list(Some(&place)).take(LOOKED_AT_MAX);
        let left: Vec<_> = within(time_out, left.try_collect()).await?;
        let oldest = SystemTime::now() - LEFT_OVER_AFTER;
        let left = left.into_iter();
        for old in left.filter(|found| oldest > SystemTime::from(found.last_modified)) {
            match within(time_out, self.store.delete(&old.location)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match &self.folder {
            // What was cut off while it was written is no object yet.
            Some(folder) => {
                let place = folder.join(PLACE);
                in_background(move || sweep(&place, oldest)).await
            }
            None => Ok(()),
        }
    }
}
