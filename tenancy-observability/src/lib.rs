//! See each tenant of a server: what it asks for, what is slow and why, and whether all is well.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
mod guides;
pub mod layer;
pub mod memory;
pub mod metrics;
mod party;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod report;
#[cfg(feature = "sentry")]
pub mod sentry;
pub mod sink;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod tables;
pub mod trace_context;

pub use crate::party::Party;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use crate::tables::MIGRATIONS;
