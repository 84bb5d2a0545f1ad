//! The code of the guides in `docs/`, so that it is tested with the crate. No documentation of its
//! own: the guides do not travel with the package.

#[cfg(all(feature = "advisor", feature = "sqlite"))]
#[doc = include_str!("../../docs/advice.md")]
mod advice {}

#[cfg(feature = "load-test")]
#[doc = include_str!("../../docs/load-tests.md")]
mod load_tests {}

#[doc = include_str!("../../docs/measure-requests.md")]
mod measure_requests {}

#[cfg(feature = "otlp")]
#[doc = include_str!("../../docs/metrics.md")]
mod metrics {}

#[doc = include_str!("../../docs/health.md")]
mod health {}

#[cfg(feature = "alert")]
#[doc = include_str!("../../docs/alerts.md")]
mod alerts {}

#[cfg(feature = "slow-query")]
#[doc = include_str!("../../docs/slow-queries.md")]
mod slow_queries {}
