//! The layers that stand between the internet and a tenant.
//!
//! Each works alone under plain [`tower`](https://docs.rs/tower), without SQL and without tenants;
//! behind tenancy-core's `TenantLayer` they know whose request it is and keep every tenant's limits,
//! origins and settings apart.
//!
//! # Feature flags
//! All off by default: `redis` shares limits between processes through Redis or Valkey, `testing` has
//! the suite that every store of sessions must pass.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
mod admission;
pub mod block;
pub mod cors;
pub mod credential;
pub mod csrf;
mod deciding_future;
pub mod diagnosis;
#[cfg(doctest)]
mod guides;
pub mod headers;
pub mod load_shed;
pub mod login_guard;
pub mod origin;
mod peeked_body;
pub mod public_scheme;
pub mod rate_limit;
pub mod session;
pub mod stack;
pub mod threat;
pub mod upload;

pub use crate::admission::ResponseFuture;
pub use crate::deciding_future::DecidingFuture;
pub use crate::peeked_body::PeekedBody;
