//! The layers that stand between the internet and a tenant.
//!
//! Each works alone under plain [`tower`](https://docs.rs/tower), without SQL and without tenants;
//! behind tenancy-core's `TenantLayer` they know whose request it is and keep every tenant's limits,
//! origins and settings apart.
//!
//! # Feature flags
//! All off by default: `redis` shares limits between processes through Redis or Valkey.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
pub mod threat;
