//! Tenants, and the requests that belong to them.

#[cfg(feature = "html")]
pub mod html;
