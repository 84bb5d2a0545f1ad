//! The crate's integration tests, on real parts.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod health;
mod installation;
#[cfg(feature = "load-test")]
mod load_test;
mod metrics;
mod place;
mod sink;
mod slow_query;
