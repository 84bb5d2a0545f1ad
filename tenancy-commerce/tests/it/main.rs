//! The commerce crate through its public API.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]

mod support;

mod export_round_trip;
mod hostile_files;
mod shopify_import;
#[cfg(all(feature = "postgres", feature = "sqlite", feature = "testing"))]
mod store;
mod woocommerce_import;
