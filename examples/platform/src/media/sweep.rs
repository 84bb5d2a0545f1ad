use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use tenancy_commerce::media::Media as _;
use tenancy_core::TenantId;
use tenancy_core::time::Time;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::platform::Platform;

/// How often all shops are looked at, beginning with the server.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How old content is before it is missed: older than any upload that may still come to its end.
const AGE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// Deletes content that no file names, from uploads and deletions that were cut off between the two,
/// once a day until the end.
pub(crate) async fn keep_swept(platform: Platform, mut ended: watch::Receiver<bool>) {
    loop {
        let sweep = sweep_all(&platform, &ended);
        if let Err(failure) = platform.performance().job("sweep of media", sweep).await {
            tracing::warn!(%failure, "content that no file names was not looked for everywhere");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = ended.wait_for(|ended| *ended) => return,
        }
    }
}

async fn sweep_all(platform: &Platform, ended: &watch::Receiver<bool>) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let tenants = platform.tenant_page(after.as_ref()).await?;
        let Some(last) = tenants.last() else {
            return Ok(());
        };
        after = Some(last.slug.clone());
        for tenant in tenants {
            if *ended.borrow() {
                return Ok(());
            }
            // One shop's trouble is no other's.
            match sweep(platform, tenant.id).await {
                Ok(0) => {}
                Ok(swept) => {
                    tracing::info!(tenant = %tenant.slug, swept, "deleted content that no file names");
                }
                Err(failure) => {
                    tracing::warn!(tenant = %tenant.slug, %failure, "content that no file names was not looked for");
                }
            }
        }
    }
}

/// Deletes what is old and named by no file, and says how much that was.
async fn sweep(platform: &Platform, tenant: TenantId) -> Result<usize, Failure> {
    let scope = &platform.scope().tenant(tenant).await?;
    let blobs = platform.blobs()?;
    blobs.sweep(scope).await?;
    let mut swept = 0;
    let mut all = pin!(blobs.list(scope).await?);
    while let Some(blob) = all.next().await {
        let blob = blob?;
        if blob.modified_at.after(AGE) < Time::now()
            && !platform
                .media()
                .files()
                .is_used(scope, blob.key.as_str())
                .await?
        {
            blobs.delete(scope, &blob.key).await?;
            swept += 1;
        }
    }
    Ok(swept)
}
