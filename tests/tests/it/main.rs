//! Suites that cross crates.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where it meets what it did not expect"
)]

mod api;
mod embed_postgres;
mod harness;
mod isolation;
mod journal;
mod platform;
mod schema;
mod town;
