//! What tenancy-security costs: `cargo bench -p tenancy-benches --bench security`.

mod rate_limit;

use std::error::Error;

use tenancy_benches::Report;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("security");
    rate_limit::measure(&mut report).await?;
    println!("{}", report.write()?.display());
    Ok(())
}
