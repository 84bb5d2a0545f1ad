//! See each tenant of a server: what it asks for, what is slow and why, and whether all is well.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "advisor", any(feature = "postgres", feature = "sqlite")))]
pub mod advisor;
#[cfg(feature = "alert")]
pub mod alert;
#[cfg(doctest)]
mod guides;
pub mod health;
pub mod layer;
#[cfg(feature = "load-test")]
#[cfg_attr(docsrs, doc(cfg(feature = "load-test")))]
pub mod load_test;
pub mod memory;
pub mod metrics;
mod party;
pub mod readiness;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod report;
#[cfg(feature = "sentry")]
pub mod sentry;
pub mod sink;
#[cfg(feature = "slow-query")]
pub mod slow_query;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod tables;
pub mod trace_context;

pub use crate::party::Party;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use crate::tables::MIGRATIONS;
