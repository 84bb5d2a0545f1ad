//! The cache, as an application uses it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bounds;
mod flights;
mod flush;
mod journal;
mod history;
mod loads;
mod many;
mod temporary;
mod tenants;
mod town;
