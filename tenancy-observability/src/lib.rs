//! See each tenant of a server: what it asks for, what is slow and why, and whether all is well.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alert")]
pub mod alert;
pub mod health;
