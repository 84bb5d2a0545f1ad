//! Products written as files for other shop systems, and for spreadsheets.
//!
//! [`ProductWriter`] writes what [`import`](crate::import) reads: Shopify's columns by their old
//! names, or WooCommerce's. The columns depend on the products, so these are gone through twice:
//! once with [`ExportColumns::add`], once with [`ProductWriter::write`].
//!
//! What is exported, imported and exported again is the same to the byte, provided that every
//! handle occurs once. A cell that a spreadsheet would take for a formula gets an apostrophe in
//! front, which the import takes off again; numbers never do.
//!
//! What the other system has no column for gets one of ours, if any product needs it: further
//! options, `Featured` and `Categories` in Shopify's file; `Slug`, `Meta: _product_type`,
//! `Meta: _status` and `Cost of goods` in WooCommerce's; and `Attribute: …` for an attribute that
//! is called like another column. WooCommerce's file does not hold the positions of pictures and
//! what they show, nor the unit of a weight.
//!
//! ```
//! use tenancy_commerce::catalog::{ProductDraft, ProductFields, VariantDraft};
//! use tenancy_commerce::export::{ExportColumns, ProductWriter};
//! use tenancy_commerce::import::Format;
//! use tenancy_commerce::money::Money;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let price = Money::new(2400, "USD".parse()?);
//! let product = ProductDraft::new(ProductFields {
//!     variants: vec![VariantDraft::new(price)],
//!     ..ProductFields::new("=Stem")?
//! })?;
//! let mut columns = ExportColumns::default();
//! columns.add(&product);
//! let mut writer = ProductWriter::new(Format::Shopify, Vec::new(), &columns)?;
//! writer.write(&product)?;
//! let file = String::from_utf8(writer.finish()?)?;
//! assert!(file.contains("\nstem,'=Stem,"));
//! # Ok(())
//! # }
//! ```

mod columns;
mod lines;
mod shopify;
mod woocommerce;
mod writer;

pub use self::columns::ExportColumns;
pub use self::writer::ProductWriter;
