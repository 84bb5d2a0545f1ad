//! The code of the guides in `docs/`, so that it is tested with the crate. No documentation of its
//! own: the guides do not travel with the package.

#[doc = include_str!("../../docs/measure-requests.md")]
mod measure_requests {}

#[cfg(feature = "otlp")]
#[doc = include_str!("../../docs/metrics.md")]
mod metrics {}
