//! See each tenant of a server: what it asks for, what is slow and why, and whether all is well.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod layer;
pub mod memory;
mod party;
pub mod trace_context;

pub use crate::party::Party;
