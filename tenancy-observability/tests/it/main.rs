//! The crate's integration tests, on real parts.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

/// What the tests of memory count with.
#[global_allocator]
static ALLOCATOR: tenancy_observability::memory::CountingAllocator =
    tenancy_observability::memory::CountingAllocator::system();

#[cfg(all(feature = "advisor", feature = "postgres", feature = "sqlite"))]
mod advisor;
mod alert;
#[cfg(feature = "certificate")]
mod certificate;
mod health;
mod layer;
#[cfg(feature = "load-test")]
mod load_test;
mod memory;
mod metrics;
mod outgoing;
mod report;
#[cfg(feature = "sentry")]
mod sentry;
mod sink;
mod site;
mod slow_query;
