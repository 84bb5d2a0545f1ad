use std::fs;
use std::io::Cursor;
use std::path::Path;

use tenancy_commerce::import::{
    Counts, Format, ImportError, ImportItem, ImportedProduct, Issue, ProductReader, Severity,
};
use tenancy_commerce::money::Currency;

/// A file of real data that is not part of the project; `None`, and a word about it, if absent.
pub(crate) fn shared_data(path: &str) -> Option<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let file = root.join(path);
    let read = fs::read(&file).ok();
    if read.is_none() {
        println!(
            "{} is absent; this test checks nothing without it",
            file.display()
        );
    }
    read
}

pub(crate) fn usd() -> Currency {
    "USD".parse().unwrap()
}

/// Everything that reading a file came to.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) counts: Counts,
    pub(crate) products: Vec<ImportedProduct>,
    pub(crate) warnings: Vec<Issue>,
    pub(crate) errors: Vec<Issue>,
}

impl Imported {
    pub(crate) fn slugs(&self) -> Vec<&str> {
        self.products
            .iter()
            .map(|product| product.draft.slug.as_str())
            .collect()
    }

    pub(crate) fn error_cells(&self) -> Vec<(u64, Option<&str>)> {
        cells(&self.errors)
    }

    pub(crate) fn warning_cells(&self) -> Vec<(u64, Option<&str>)> {
        cells(&self.warnings)
    }
}

fn cells(issues: &[Issue]) -> Vec<(u64, Option<&str>)> {
    issues
        .iter()
        .map(|issue| (issue.row, issue.column.as_deref()))
        .collect()
}

pub(crate) fn try_import(format: Format, file: &[u8]) -> Result<Imported, ImportError> {
    let mut reader = ProductReader::new(format, Cursor::new(file), usd())?;
    let mut imported = Imported::default();
    for item in &mut reader {
        match item? {
            ImportItem::Product(product) => imported.products.push(*product),
            ImportItem::Issue(issue) => match issue.severity {
                Severity::Error => imported.errors.push(issue),
                Severity::Warning => imported.warnings.push(issue),
            },
        }
    }
    imported.counts = reader.counts();
    Ok(imported)
}

pub(crate) fn shopify(file: impl AsRef<[u8]>) -> Imported {
    try_import(Format::Shopify, file.as_ref()).unwrap()
}

pub(crate) fn woocommerce(file: impl AsRef<[u8]>) -> Imported {
    try_import(Format::WooCommerce, file.as_ref()).unwrap()
}
