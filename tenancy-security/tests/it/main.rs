//! The crate's integration tests: its layers as a server meets them, on real parts.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod axum;
mod cors;
mod credential;
mod csrf;
mod csrf_tokens;
mod headers;
mod headers_csp;
mod headers_reports;
mod login_guard;
mod rate_limit;
mod session;
mod stack;
mod threat;
mod threat_layer;
mod two_tenants;
mod upload;
