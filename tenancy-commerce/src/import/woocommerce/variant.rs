use std::collections::BTreeMap;

use super::File;
use super::columns::{self, Column};
use super::kind::{Kind, Type};
use crate::catalog::VariantDraft;
use crate::import::Issue;
use crate::import::cells::{Cells, shorten};
use crate::import::reader::Session;
use crate::import::records::Record;
use crate::money::Money;

/// Reads what is sold in a row, but for options and attributes.
pub(super) fn read(
    file: &File,
    record: &Record,
    kind: Type,
    issues: &mut Vec<Issue>,
    session: &mut Session,
) -> VariantDraft {
    let mut cells = file.cells(record, issues);
    let is_sold = matches!(kind.kind, Kind::Simple | Kind::Variation);
    let sku = sku(&mut cells, kind.kind, session);
    let (price, compare_at_price) = prices(&mut cells, is_sold, session);
    let stock = match is_sold {
        true => stock(&mut cells, file.is_out_of_stock(record)),
        false => Some(0),
    };
    VariantDraft {
        // The SKU of a product with variations is not that of a variant.
        sku: sku.filter(|_| kind.kind != Kind::Variable),
        compare_at_price,
        cost: cells.money(Column::Cost, session.currency),
        stock,
        backorder: is_sold && backorder(&mut cells),
        barcode: cells.some_text(Column::Barcode).map(str::to_owned),
        weight_grams: cells.grams(Column::Weight, file.weight_unit.micrograms()),
        weight_unit: file.weight_unit,
        requires_shipping: !kind.is_virtual,
        taxable: taxable(&mut cells),
        ..VariantDraft::new(price)
    }
}

/// Keeps what the model cannot say of a product.
pub(super) fn keep_of_product(
    cells: &Cells<'_, Column>,
    kind: Type,
    attributes: &mut BTreeMap<String, String>,
) {
    let mut keep = |column: Column, text: &str| {
        attributes.insert(columns::name(column), text.to_owned());
    };
    if cells.text(Column::Published).trim() == "0" {
        keep(Column::Published, "0");
    }
    if kind.kind == Kind::Variable {
        for column in [
            Column::Sku,
            Column::Stock,
            Column::Backorders,
            Column::TaxStatus,
        ] {
            if let Some(text) = cells.some_text(column) {
                keep(column, text);
            }
        }
        return;
    }
    keep_type(kind, Kind::Simple, &mut keep);
    keep_words(cells, &mut keep);
}

/// Keeps what the model cannot say of a variation.
pub(super) fn keep_of_variation(
    cells: &mut Cells<'_, Column>,
    kind: Type,
    attributes: &mut BTreeMap<String, String>,
) {
    let mut keep = |column: Column, text: &str| {
        attributes.insert(columns::name(column), text.to_owned());
    };
    keep_type(kind, Kind::Variation, &mut keep);
    keep_words(cells, &mut keep);
    for column in [Column::Name, Column::Description] {
        if let Some(text) = cells.some_text(column) {
            keep(column, text);
        }
    }
    let published = cells.text(Column::Published).trim();
    if !matches!(published, "" | "1") {
        keep(Column::Published, published);
        cells.warning(
            Column::Published,
            "a variation cannot be hidden; it is sold",
        );
    }
    if cells.text(Column::Stock).trim() == "parent" {
        keep(Column::Stock, "parent");
        cells.warning(Column::Stock, "a stock shared by variations is not tracked");
    }
}

/// `virtual` is in the model, `downloadable` is not.
fn keep_type(kind: Type, usual: Kind, keep: &mut impl FnMut(Column, &str)) {
    if kind.kind != usual || kind.is_downloadable {
        keep(
            Column::Type,
            &Type {
                is_virtual: false,
                ..kind
            }
            .text(),
        );
    }
}

fn keep_words(cells: &Cells<'_, Column>, keep: &mut impl FnMut(Column, &str)) {
    for (column, word) in [
        (Column::Backorders, "notify"),
        (Column::TaxStatus, "shipping"),
    ] {
        if cells.text(column).trim() == word {
            keep(column, word);
        }
    }
}

fn sku(cells: &mut Cells<'_, Column>, kind: Kind, session: &mut Session) -> Option<String> {
    let sku = cells.some_text(Column::Sku);
    match sku {
        Some(sku) if session.skus.is_second(sku) => {
            let sku = shorten(sku);
            cells.warning(
                Column::Sku,
                format!("the SKU {sku} is used more than once in the file"),
            );
        }
        None if cells.has(Column::Sku) && matches!(kind, Kind::Simple | Kind::Variation) => {
            cells.warning(Column::Sku, "the variant has no SKU");
        }
        Some(_) | None => {}
    }
    sku.map(str::to_owned)
}

/// The price, and what it is compared with.
fn prices(
    cells: &mut Cells<'_, Column>,
    is_sold: bool,
    session: &Session,
) -> (Money, Option<Money>) {
    let regular = cells.money(Column::RegularPrice, session.currency);
    let sale = cells.money(Column::SalePrice, session.currency);
    let has_none = cells
        .some_text(Column::RegularPrice)
        .or(cells.some_text(Column::SalePrice))
        .is_none();
    if has_none && is_sold && cells.has(Column::RegularPrice) {
        cells.error(Column::RegularPrice, "there is no price");
    }
    match (sale, regular) {
        (Some(sale), regular) => (sale, regular),
        (None, regular) => (regular.unwrap_or(Money::zero(session.currency)), None),
    }
}

fn stock(cells: &mut Cells<'_, Column>, is_out: bool) -> Option<i64> {
    let stock = match cells.text(Column::Stock).trim() {
        "" | "parent" => is_out.then_some(0),
        _ => cells.integer(Column::Stock),
    };
    if let Some(stock) = stock.filter(|stock| *stock < 0) {
        cells.warning(Column::Stock, format!("the stock is negative: {stock}"));
    }
    stock
}

fn backorder(cells: &mut Cells<'_, Column>) -> bool {
    match cells.text(Column::Backorders).trim() {
        "notify" => true,
        _ => cells.flag(Column::Backorders).unwrap_or(false),
    }
}

fn taxable(cells: &mut Cells<'_, Column>) -> bool {
    match cells.text(Column::TaxStatus).trim() {
        "" | "taxable" | "shipping" => true,
        "none" => false,
        _ => {
            cells.unknown(Column::TaxStatus, "taxable, shipping or none");
            true
        }
    }
}
