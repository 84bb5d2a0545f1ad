//! Suites that cross crates.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where it meets what it did not expect"
)]

mod api;
mod embed_cache;
mod embed_defence;
mod embed_observability;
mod embed_postgres;
mod harness;
mod isolation;
mod journal;
mod limits;
mod other_caches;
mod platform;
mod schema;
mod threat_corpus;
mod town;
