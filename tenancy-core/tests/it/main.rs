//! Behaviour of tenancy-core through its public interface, on real databases.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod audit;
mod blob;
mod contamination;
mod forgeries;
mod idempotency;
mod installation;
mod journal;
mod layer;
mod log;
mod observe;
mod outage;
mod outbound;
mod policy;
#[cfg(feature = "redis")]
mod redis;
mod registry;
mod schema;
mod served;
mod statements;
mod storage;
mod tail;
mod tenants;
mod transactions;
