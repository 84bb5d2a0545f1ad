//! What a shop sells: products, their variants and pictures.
//!
//! A product is the page; a variant is the thing that is sold. [`ProductDraft`] is a whole
//! product as somebody wishes it to be, from an import or from the JSON API, with every limit
//! already checked; the stores take nothing else.
//!
//! ```
//! use tenancy_commerce::catalog::{ProductDraft, ProductFields, VariantDraft};
//! use tenancy_commerce::money::Money;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let price = Money::parse("24.00", "USD".parse()?)?.money;
//! let stem = ProductDraft::new(ProductFields {
//!     variants: vec![VariantDraft { stock: Some(3), ..VariantDraft::new(price) }],
//!     ..ProductFields::new("Adjustable Stem")?
//! })?;
//! assert_eq!(stem.slug.as_str(), "adjustable-stem");
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "cache")]
mod cached;
mod category;
mod draft;
mod given;
mod handle;
pub(crate) mod invalid;
pub mod limits;
mod part;
mod product;
mod query;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
mod status;
mod store;

#[cfg(feature = "cache")]
pub use self::cached::{CATEGORIES, CachedCatalog, CachedRead, PRODUCTS};
pub use self::category::{Category, CategoryDraft, CategoryId, CategoryNode};
pub(crate) use self::draft::is_web_address;
pub use self::draft::{ProductDraft, ProductFields};
pub use self::given::{Field, Given};
pub use self::handle::{Handle, InvalidHandle};
pub use self::invalid::{InvalidDraft, Violation};
pub use self::part::{CategoryPath, ImageDraft, OptionDraft, VariantDraft, WeightUnit};
pub use self::product::{Product, ProductCategory, ProductId, Variant, VariantId};
pub use self::query::{CategoryRef, Position, ProductQuery, Sort};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlCatalog;
pub use self::status::{InvalidProductStatus, ProductStatus};
pub use self::store::{Catalog, Put};

#[cfg(test)]
mod tests;
