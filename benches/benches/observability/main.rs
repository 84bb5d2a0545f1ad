//! What tenancy-observability costs: `cargo bench -p tenancy-benches --bench observability`.
//!
//! A name after `--`, such as `metrics`, measures that part alone and leaves the report as it was.

mod alert;
mod health;
mod layer;
mod load_test;
mod metrics;
mod quantile;

use std::alloc::System;
use std::error::Error;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tenancy_benches::Report;
use tenancy_observability::memory::CountingAllocator;

static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// What is held since then, in mebibytes.
fn held(region: &Region<'_, System>) -> f64 {
    let change = region.change();
    (change.bytes_allocated as f64 - change.bytes_deallocated as f64) / MEBIBYTE
}

/// Counts for each request, as a server's does.
#[global_allocator]
static COUNTING: CountingAllocator<&StatsAlloc<System>> =
    CountingAllocator::new(&INSTRUMENTED_SYSTEM);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench` by itself.
    let chosen = std::env::args()
        .skip(1)
        .find(|argument| argument != "--bench");
    let wanted = |part: &str| chosen.as_deref().is_none_or(|chosen| chosen == part);
    let mut report = Report::new("observability");
    if wanted("metrics") {
        metrics::measure(&mut report).await?;
    }
    if wanted("layer") {
        layer::measure(&mut report).await?;
    }
    if wanted("load_test") {
        load_test::measure(&mut report).await?;
    }
    if wanted("health") {
        health::measure(&mut report).await?;
    }
    if wanted("alert") {
        alert::measure(&mut report).await?;
    }
    if wanted("quantile") {
        quantile::measure(&mut report).await?;
    }
    if chosen.is_none() {
        println!("{}", report.write()?.display());
    }
    Ok(())
}
