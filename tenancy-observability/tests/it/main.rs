//! The crate's integration tests, on real parts.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[cfg(all(feature = "advisor", feature = "postgres", feature = "sqlite"))]
mod advisor;
