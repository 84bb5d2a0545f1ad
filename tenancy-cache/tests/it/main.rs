//! The cache, as an application uses it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bounds;
mod flights;
mod flush;
mod history;
mod journal;
#[cfg(feature = "redis")]
mod leases;
mod loads;
mod many;
mod meter;
mod metrics;
#[cfg(all(feature = "redis", feature = "testing"))]
mod shared;
mod temporary;
mod tenants;
mod town;
