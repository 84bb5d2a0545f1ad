use std::time::Duration;

use tenancy_core::TenantScope;
use tenancy_core::blob::BlobKey;
use tokio::runtime::Handle;

use crate::platform::Platform;

/// How long content may still be on its way to its place after its upload was given up: longer than a
/// store has for any step.
const LATE: Duration = Duration::from_secs(60);

/// Content of an upload, which no file names yet and no quota counts.
///
/// It goes again unless it is [kept](Self::keep), also where the upload is dropped: at its time-out, or when
/// its client goes away.
#[derive(Debug)]
pub(crate) struct Unnamed(Option<Content>);

#[derive(Debug)]
struct Content {
    platform: Platform,
    scope: TenantScope,
    key: BlobKey,
}

impl Unnamed {
    /// What is about to be put in this place.
    pub(crate) fn new(platform: &Platform, scope: &TenantScope, key: &BlobKey) -> Self {
        Self(Some(Content {
            platform: platform.clone(),
            scope: scope.clone(),
            key: key.clone(),
        }))
    }

    /// Leaves it where it is, since a file names it now.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }

    /// Removes what is in its place, before the client is answered.
    pub(crate) async fn remove(mut self) {
        if let Some(content) = self.0.take() {
            content.remove().await;
        }
    }
}

impl Content {
    async fn remove(&self) {
        self.platform
            .remove_blob(&self.scope, self.key.as_str())
            .await;
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        let (Some(content), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            content.remove().await;
            tokio::time::sleep(LATE).await;
            content.remove().await;
        });
    }
}
