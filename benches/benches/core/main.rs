//! What tenancy-core costs: `cargo bench -p tenancy-benches --bench core`.
//!
//! A name after `--`, such as `commit`, measures that part alone and leaves the report as it was.

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
    // Cargo adds `--bench` by itself.
    let chosen = std::env::args()
        .skip(1)
        .find(|argument| argument != "--bench");
    let wanted = |part: &str| chosen.as_deref().is_none_or(|chosen| chosen == part);
    let mut report = Report::new("core");
    // First, while nothing that was freed can be used again.
    if wanted("memory") {
        memory::measure(&mut report).await?;
    }
    if wanted("known") {
        known::measure(&mut report).await?;
    }
    if ["read", "commit", "numbering"].into_iter().any(wanted) {
        // Durability as in production: every commit waits for the disk.
        let server = Postgres::builder().fsync(true).start().await;
        let site = site::set_up(&server).await?;
        if wanted("read") {
            read::measure(&mut report, &site).await;
        }
        if wanted("commit") {
            commit::measure(&mut report, &site).await?;
        }
        if wanted("numbering") {
            numbering::measure(&mut report, &site).await?;
        }
    }
    if chosen.is_none() {
        println!("{}", report.write()?.display());
    }
    Ok(())
}
