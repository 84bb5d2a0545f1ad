//! The remote tier, on a Redis of its own.

mod batch;
mod flush;
mod hit;
mod site;
mod store;
mod visible;
mod watch;

use std::error::Error;

use tenancy_benches::Report;

use self::site::Site;

/// What is shared with other processes, against the bare commands it takes.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let site = Site::start().await?;
    hit::measure(report, &site).await?;
    batch::measure(report, &site).await?;
    visible::measure(report, &site).await?;
    store::measure(report, &site).await?;
    flush::measure(report, &site).await
}
