use std::fmt;
use std::io::{self, ErrorKind, Write};

use super::ExportColumns;
use super::lines::Lines;
use super::shopify::ShopifyRows;
use super::woocommerce::WooCommerceRows;
use crate::catalog::ProductDraft;
use crate::import::Format;
use crate::import::records::COLUMNS_MAX;

/// Writes a product file. See the [module](super).
///
/// It makes one call to the output for each row; give it a buffered one.
pub struct ProductWriter<W> {
    rows: Rows,
    lines: Lines<W>,
}

enum Rows {
    Shopify(ShopifyRows),
    WooCommerce(WooCommerceRows),
}

impl<W: Write> ProductWriter<W> {
    /// Writes the header.
    ///
    /// Fails with [`InvalidInput`](ErrorKind::InvalidInput) when the products have so many
    /// attributes that the file would have more than 512 columns, which no import reads.
    pub fn new(format: Format, output: W, columns: &ExportColumns) -> io::Result<Self> {
        let (rows, header) = match format {
            Format::Shopify => {
                let (rows, header) = ShopifyRows::new(columns);
                (Rows::Shopify(rows), header)
            }
            Format::WooCommerce => {
                let (rows, header) = WooCommerceRows::new(columns);
                (Rows::WooCommerce(rows), header)
            }
        };
        if header.len() > COLUMNS_MAX {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "too many attributes to export",
            ));
        }
        let mut lines = Lines::new(output);
        header.iter().for_each(|name| lines.cell(name));
        lines.end()?;
        Ok(Self { rows, lines })
    }

    /// Writes the rows of a product that was added to the columns; of another, what has no column
    /// is left out.
    pub fn write(&mut self, draft: &ProductDraft) -> io::Result<()> {
        match &mut self.rows {
            Rows::Shopify(rows) => rows.write(draft, &mut self.lines),
            Rows::WooCommerce(rows) => rows.write(draft, &mut self.lines),
        }
    }

    /// Flushes the output and gives it back.
    pub fn finish(self) -> io::Result<W> {
        self.lines.finish()
    }
}

impl<W> fmt::Debug for ProductWriter<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProductWriter")
            .finish_non_exhaustive()
    }
}
