//! Product files of other shop systems, read into [drafts](crate::catalog::ProductDraft).
//!
//! [`ProductReader`] reads a Shopify or WooCommerce product file and yields, as it goes, the
//! products that are whole and the issues that are not. A mistake costs the product it is in and
//! nothing else. Reading blocks; on an async runtime, do it on a blocking thread.
//!
//! The file is read twice: first to learn which rows belong together (24 bytes a product or
//! variation), then for good, one product in memory at a time, wherever in the file its rows
//! stand. Hence the input must be able to seek: a file, or bytes in memory.
//!
//! ```
//! use std::io::Cursor;
//! use tenancy_commerce::import::{Format, ImportItem, ProductReader};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = Cursor::new("Handle,Title,Variant Price\nstem,Stem,24.00\nbell,Bell,dear\n");
//! let reader = ProductReader::new(Format::Shopify, file, "USD".parse()?)?;
//! let items = reader.collect::<Result<Vec<_>, _>>()?;
//! let [ImportItem::Product(stem), ImportItem::Issue(issue)] = &items[..] else { panic!() };
//! assert_eq!(stem.draft.slug.as_str(), "stem");
//! assert_eq!((issue.row, issue.column.as_deref()), (3, Some("Variant Price")));
//! # Ok(())
//! # }
//! ```
//!
//! # What is read
//!
//! Text in UTF-8, with or without a byte order mark; lines that end with LF, CRLF or CR; commas,
//! semicolons or tabs, whichever the header has most of. Cells up to 1 MiB, rows up to 4 MiB, 512
//! columns. Plain text is kept as it stands; numbers, yes-or-no cells, handles and the members of
//! lists are trimmed. A leading apostrophe that protects a spreadsheet from a formula (`'=1+1`)
//! is taken off again.
//!
//! Rows are numbered as a spreadsheet numbers them: the header is row 1.

mod cells;
mod error;
pub(crate) mod formula;
mod issue;
pub(crate) mod list;
pub(crate) mod names;
mod reader;
pub(crate) mod records;
mod seen;
pub(crate) mod shopify;
pub(crate) mod woocommerce;

pub use self::error::{ImportError, ImportErrorKind};
pub use self::issue::{Issue, Severity};
pub use self::reader::{Counts, Format, ImportItem, ImportedProduct, InvalidFormat, ProductReader};
