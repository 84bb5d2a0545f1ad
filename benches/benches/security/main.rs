//! What tenancy-security costs: `cargo bench -p tenancy-benches --bench security`.

mod block;
mod rate_limit;
mod threat;

use std::error::Error;

use tenancy_benches::Report;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("security");
    block::measure(&mut report)?;
    threat::measure(&mut report).await?;
    rate_limit::measure(&mut report).await?;
    println!("{}", report.write()?.display());
    Ok(())
}
