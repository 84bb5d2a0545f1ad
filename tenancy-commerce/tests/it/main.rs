//! The commerce crate through its public API.

mod support;

mod hostile_files;
mod shopify_import;
mod woocommerce_import;
