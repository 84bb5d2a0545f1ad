//! See each tenant of a server: what it asks for, what is slow and why, and whether all is well.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
mod guides;
#[cfg(feature = "load-test")]
#[cfg_attr(docsrs, doc(cfg(feature = "load-test")))]
pub mod load_test;
pub mod readiness;
