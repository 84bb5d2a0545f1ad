use std::collections::VecDeque;
use std::fmt;
use std::io::{Read, Seek};
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

use super::seen::Seen;
use super::shopify::ShopifyProducts;
use super::woocommerce::WooCommerceProducts;
use super::{ImportError, Issue, Severity};
use crate::catalog::{ProductDraft, ProductFields};
use crate::money::Currency;

/// Whose file it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Shopify's product export, with the column names of before or after 2025.
    Shopify,
    /// WooCommerce's product export.
    WooCommerce,
}

/// The text is neither `shopify` nor `woocommerce`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a product file is of the format shopify or woocommerce")]
pub struct InvalidFormat;

impl FromStr for Format {
    type Err = InvalidFormat;

    fn from_str(text: &str) -> Result<Self, InvalidFormat> {
        match text {
            "shopify" => Ok(Self::Shopify),
            "woocommerce" => Ok(Self::WooCommerce),
            _ => Err(InvalidFormat),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Shopify => "shopify",
            Self::WooCommerce => "woocommerce",
        })
    }
}

/// What a reader found next.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportItem {
    /// Something to look at. An error's product does not follow.
    Issue(Issue),
    /// A product that is whole; its warnings came before it.
    Product(Box<ImportedProduct>),
}

/// A product, and where in the file it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedProduct {
    /// The product. Its `given` tells the columns that the file has.
    pub draft: ProductDraft,
    /// The row it begins in, the header being row 1.
    pub row: u64,
    /// How many rows it has.
    pub rows: u64,
}

/// What a file holds, whether it can be imported or not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Products.
    pub products: u64,
    /// Variants. A product without any choice has one.
    pub variants: u64,
    /// Pictures: for Shopify the rows that hold nothing but another picture, for WooCommerce the
    /// links in the product rows.
    pub images: u64,
}

/// Reads a product file: an iterator of [`ImportItem`]s that ends at the first
/// [`ImportError`], after which nothing more can be read.
///
/// See the [module](super) for what is read.
pub struct ProductReader<R> {
    products: Products<R>,
    session: Session,
    is_done: bool,
}

enum Products<R> {
    Shopify(ShopifyProducts<R>),
    WooCommerce(WooCommerceProducts<R>),
}

/// What both formats keep while they read.
pub(super) struct Session {
    pub(super) currency: Currency,
    pub(super) counts: Counts,
    /// Merchants expect a SKU to name one thing.
    pub(super) skus: Seen,
    items: VecDeque<ImportItem>,
}

impl<R: Read + Seek> ProductReader<R> {
    /// Reads the header of `input`, and which rows belong together.
    ///
    /// Prices are in `currency`, which no product file names.
    pub fn new(format: Format, input: R, currency: Currency) -> Result<Self, ImportError> {
        let products = match format {
            Format::Shopify => Products::Shopify(ShopifyProducts::new(input)?),
            Format::WooCommerce => Products::WooCommerce(WooCommerceProducts::new(input)?),
        };
        let session = Session {
            currency,
            counts: Counts::default(),
            skus: Seen::default(),
            items: VecDeque::new(),
        };
        Ok(Self {
            products,
            session,
            is_done: false,
        })
    }

    /// What was found so far; the whole file when the reader has come to its end.
    pub const fn counts(&self) -> Counts {
        self.session.counts
    }
}

impl<R: Read + Seek> Iterator for ProductReader<R> {
    type Item = Result<ImportItem, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.session.items.pop_front() {
                return Some(Ok(item));
            }
            if self.is_done {
                return None;
            }
            let goes_on = match &mut self.products {
                Products::Shopify(products) => products.step(&mut self.session),
                Products::WooCommerce(products) => products.step(&mut self.session),
            };
            match goes_on {
                Ok(goes_on) => self.is_done = !goes_on,
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl<R> fmt::Debug for ProductReader<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.session.counts;
        formatter
            .debug_struct("ProductReader")
            .field("counts", &counts)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn issue(&mut self, issue: Issue) {
        self.items.push_back(ImportItem::Issue(issue));
    }

    /// Passes on a product with its issues; not the product, if one of them is an error or it
    /// breaks a limit. `place` tells where a field stands in the file.
    pub(super) fn product<'a>(
        &mut self,
        fields: ProductFields,
        row: u64,
        rows: u64,
        mut issues: Vec<Issue>,
        place: impl Fn(&str) -> (u64, Option<&'a str>),
    ) {
        let failed = issues.iter().any(|issue| issue.severity == Severity::Error);
        let draft = match failed {
            true => None,
            false => match ProductDraft::new(fields) {
                Ok(draft) => Some(draft),
                Err(invalid) => {
                    for violation in invalid.into_violations() {
                        let (row, column) = place(&violation.field);
                        let message = format!("{} {}", violation.field, violation.message);
                        issues.push(Issue::error(row, column, message));
                    }
                    None
                }
            },
        };
        issues.sort_by_key(|issue| issue.row);
        self.items.extend(issues.into_iter().map(ImportItem::Issue));
        if let Some(draft) = draft {
            let product = ImportedProduct { draft, row, rows };
            self.items.push_back(ImportItem::Product(Box::new(product)));
        }
    }
}
