//! What tenancy-security costs: `cargo bench -p tenancy-benches --bench security`.

mod alone;
mod block;
mod detector;
mod rate_limit;
mod sign_in;
mod threat;
mod whole;

use std::error::Error;

use tenancy_benches::Report;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [program, arguments @ ..] = &arguments[..]
        && program == whole::PROGRAM
    {
        return whole::serve(arguments).await;
    }
    let mut report = Report::new("security");
    block::measure(&mut report)?;
    detector::measure(&mut report);
    threat::measure(&mut report).await?;
    rate_limit::measure(&mut report).await?;
    sign_in::measure(&mut report).await?;
    whole::measure(&mut report).await?;
    println!("{}", report.write()?.display());
    Ok(())
}
