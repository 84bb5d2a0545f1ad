//! The crate's integration tests: its layers as a server meets them, on real parts.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod threat;
