//! How large a product may be.
//!
//! Lengths of text are counted in characters, unless the name says bytes.

/// Attributes of a product, and of each variant.
pub const ATTRIBUTES_MAX: usize = 512;
/// One attribute's value.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 64 * 1024;
/// Categories of one product.
pub const CATEGORIES_MAX: usize = 100;
/// Names in one category path.
pub const CATEGORY_DEPTH_MAX: usize = 16;
/// The sanitised description.
pub const DESCRIPTION_BYTES_MAX: usize = 512 * 1024;
/// A product's slug.
pub const HANDLE_BYTES_MAX: usize = 200;
/// Pictures of one product.
pub const IMAGES_MAX: usize = 250;
/// The text that describes a picture.
pub const IMAGE_ALT_MAX: usize = 1024;
/// Names: of products, vendors, types, tags, options and their values, SKUs, barcodes, attributes.
pub const NAME_MAX: usize = 255;
/// Options of one product.
pub const OPTIONS_MAX: usize = 16;
/// Tags of one product.
pub const TAGS_MAX: usize = 250;
/// An address.
pub const URL_BYTES_MAX: usize = 2048;
/// Variants of one product, and values of one option.
pub const VARIANTS_MAX: usize = 2048;
/// The weight of one piece: a thousand tonnes.
pub const WEIGHT_GRAMS_MAX: i64 = 1_000_000_000;
