//! The code of the guides in `docs/`, so that it is tested with the crate. No documentation of its
//! own: the guides do not travel with the package.

#[doc = include_str!("../../docs/journal.md")]
mod journal {}

#[doc = include_str!("../../docs/tenant-of-a-request.md")]
mod tenant_of_a_request {}
