//! What tenancy-cache costs: `cargo bench -p tenancy-benches --bench cache`.

mod fairness;
mod flush;
mod hit;
mod remote;
mod shop;

use std::alloc::System;
use std::error::Error;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tenancy_benches::Report;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("cache");
    hit::measure(&mut report).await?;
    flush::measure(&mut report).await?;
    fairness::measure(&mut report).await?;
    remote::measure(&mut report).await?;
    println!("{}", report.write()?.display());
    Ok(())
}
