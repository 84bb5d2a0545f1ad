//! What tenancy-core costs: `cargo bench -p tenancy-benches --bench core`.

mod commit;
mod known;
mod memory;
mod numbering;
mod read;
mod site;

use std::error::Error;

use tenancy_benches::Report;
use tenancy_tests::Postgres;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("core");
    // First, while nothing that was freed can be used again.
    memory::measure(&mut report).await?;
    known::measure(&mut report).await?;
    // Durability as in production: every commit waits for the disk.
    let server = Postgres::builder().fsync(true).start().await;
    let site = site::set_up(&server).await?;
    read::measure(&mut report, &site).await;
    commit::measure(&mut report, &site).await?;
    numbering::measure(&mut report, &site).await?;
    println!("{}", report.write()?.display());
    Ok(())
}
