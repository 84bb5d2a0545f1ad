//! The code of the guides in `docs/`, so that it is tested with the crate. No documentation of its
//! own: the guides do not travel with the package.

#[doc = include_str!("../../docs/cache.md")]
mod cache {}

#[doc = include_str!("../../docs/shared-cache.md")]
mod shared {}

#[cfg(feature = "sqlite")]
#[doc = include_str!("../../docs/cache-and-commits.md")]
mod commits {}
