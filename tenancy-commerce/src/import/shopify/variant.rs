use crate::catalog::limits::OPTIONS_MAX;
use crate::catalog::{VariantDraft, WeightUnit};
use crate::import::cells::{Cells, shorten};
use crate::import::reader::Session;
use crate::import::shopify::columns::{self, Column};
use crate::money::{Currency, Money};

/// Whether the row holds a variant. What merely says how a variant is sold, such as the policy or
/// the unit of weight, makes none: such cells are filled down by hand.
pub(super) fn is_in(cells: &Cells<'_, Column>) -> bool {
    let says = |column| cells.some_text(column).is_some();
    [
        Column::Price,
        Column::Sku,
        Column::Quantity,
        Column::Barcode,
        Column::CompareAtPrice,
        Column::Cost,
    ]
    .into_iter()
    .any(says)
        || (1..=OPTIONS_MAX).any(|number| says(Column::OptionValue(number)))
}

/// Reads the variant of a row. Its option values are those of all possible options.
pub(super) fn read(
    cells: &mut Cells<'_, Column>,
    currency: Currency,
    is_first: bool,
    session: &mut Session,
) -> VariantDraft {
    let price = cells.money(Column::Price, currency);
    if price.is_none() && cells.has(Column::Price) && cells.some_text(Column::Price).is_none() {
        cells.error(Column::Price, "the variant has no price");
    }
    let sku = sku(cells, session);
    let (stock, tracker) = stock(cells);
    let unit = cells.some_text(Column::WeightUnit).map(str::trim);
    let weight_unit = unit.map_or(Some(WeightUnit::Gram), WeightUnit::from_abbreviation);
    if weight_unit.is_none() {
        cells.unknown(Column::WeightUnit, "g, kg, lb or oz");
    }
    let mut attributes: std::collections::BTreeMap<_, _> = cells
        .attributes()
        .filter(|(name, _)| !is_first || columns::is_of_variant(name))
        .map(|(name, text)| (name.clone(), text.to_owned()))
        .collect();
    if let Some(tracker) = tracker {
        attributes.insert(columns::TRACKER.to_owned(), tracker);
    }
    let options = (1..=OPTIONS_MAX)
        .filter(|number| cells.has(Column::OptionValue(*number)))
        .max();
    VariantDraft {
        sku,
        option_values: (1..=options.unwrap_or(0))
            .map(|number| cells.text(Column::OptionValue(number)).to_owned())
            .collect(),
        compare_at_price: cells.money(Column::CompareAtPrice, currency),
        cost: cells.money(Column::Cost, currency),
        stock,
        backorder: backorder(cells),
        barcode: cells.some_text(Column::Barcode).map(str::to_owned),
        weight_grams: cells.grams(Column::Grams, WeightUnit::Gram.micrograms()),
        weight_unit: weight_unit.unwrap_or_default(),
        requires_shipping: cells.flag(Column::RequiresShipping).unwrap_or(true),
        taxable: cells.flag(Column::Taxable).unwrap_or(true),
        image_url: cells.address(Column::VariantImage),
        attributes,
        ..VariantDraft::new(price.unwrap_or(Money::zero(currency)))
    }
}

fn sku(cells: &mut Cells<'_, Column>, session: &mut Session) -> Option<String> {
    let sku = cells.some_text(Column::Sku);
    match sku {
        Some(sku) if session.skus.is_second(sku) => {
            let sku = shorten(sku);
            cells.warning(
                Column::Sku,
                format!("the SKU {sku} is used more than once in the file"),
            );
        }
        None if cells.has(Column::Sku) => cells.warning(Column::Sku, "the variant has no SKU"),
        Some(_) | None => {}
    }
    sku.map(str::to_owned)
}

/// What is on hand, and who counts it if Shopify does not.
fn stock(cells: &mut Cells<'_, Column>) -> (Option<i64>, Option<String>) {
    let quantity = cells.integer(Column::Quantity);
    if let Some(quantity) = quantity.filter(|quantity| *quantity < 0) {
        cells.warning(
            Column::Quantity,
            format!("the stock is negative: {quantity}"),
        );
    }
    if !cells.has(Column::Tracker) {
        return (quantity, None);
    }
    match cells.text(Column::Tracker).trim() {
        "" => (None, None),
        tracker if tracker.eq_ignore_ascii_case("shopify") => (Some(quantity.unwrap_or(0)), None),
        tracker => (Some(quantity.unwrap_or(0)), Some(tracker.to_owned())),
    }
}

fn backorder(cells: &mut Cells<'_, Column>) -> bool {
    match cells
        .text(Column::Policy)
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "" | "deny" | "false" => false,
        "continue" | "true" => true,
        _ => {
            cells.unknown(Column::Policy, "deny or continue");
            false
        }
    }
}
