mod cell;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::cell::Row;
use super::ExportColumns;
use super::lines::Lines;
use crate::catalog::{ProductDraft, VariantDraft};
use crate::import::list;
use crate::import::names::Target;
use crate::import::seen::Seen;
use crate::import::woocommerce::columns::{self, Column, KEPT, name, target};
use crate::import::woocommerce::kind::{Kind, Type};

/// The columns that every file has, in WooCommerce's order.
const COLUMNS: [&str; 41] = [
    "ID",
    "Type",
    "SKU",
    "GTIN, UPC, EAN, or ISBN",
    "Name",
    "Published",
    "Is featured?",
    "Visibility in catalog",
    "Short description",
    "Description",
    "Date sale price starts",
    "Date sale price ends",
    "Tax status",
    "Tax class",
    "In stock?",
    "Stock",
    "Low stock amount",
    "Backorders allowed?",
    "Sold individually?",
    "Weight (kg)",
    "Length (cm)",
    "Width (cm)",
    "Height (cm)",
    "Allow customer reviews?",
    "Purchase note",
    "Sale price",
    "Regular price",
    "Categories",
    "Tags",
    "Shipping class",
    "Images",
    "Download limit",
    "Download expiry days",
    "Parent",
    "Grouped products",
    "Upsells",
    "Cross-sells",
    "External URL",
    "Button text",
    "Position",
    "Brands",
];

/// Puts products into the columns of a WooCommerce file.
pub(super) struct WooCommerceRows {
    columns: Vec<Target<Column>>,
    /// What the products with variations are called.
    parents: Seen,
}

impl WooCommerceRows {
    pub(super) fn new(columns: &ExportColumns) -> (Self, Vec<String>) {
        let mut all: Vec<(String, Target<Column>)> = COLUMNS
            .iter()
            .map(|column| ((*column).to_owned(), target(column)))
            .collect();
        let numbered = columns.numbered.iter().flat_map(|number| {
            [
                Column::AttributeName(*number),
                Column::AttributeValues(*number),
            ]
        });
        let ours = [
            (Column::Cost, columns.has_cost),
            (Column::Slug, columns.has_other_handles),
            (Column::ProductType, columns.has_product_type),
            (Column::Status, columns.has_archived),
        ];
        let ours = ours
            .into_iter()
            .filter(|(_, is_needed)| *is_needed)
            .map(|(column, _)| column);
        all.extend(
            numbered
                .chain(ours)
                .map(|column| (name(column), Target::Model(column))),
        );
        let known: Vec<Target<Column>> = all.iter().map(|(_, target)| target.clone()).collect();
        let attributes = columns.attributes(target, is_special);
        all.extend(attributes.filter(|(_, target)| !known.contains(target)));
        let (header, columns) = all.into_iter().unzip();
        (
            Self {
                columns,
                parents: Seen::default(),
            },
            header,
        )
    }

    pub(super) fn write<W: Write>(
        &mut self,
        draft: &ProductDraft,
        lines: &mut Lines<W>,
    ) -> io::Result<()> {
        let numbered = numbered(draft);
        let Some(variant) = lone_variant(draft) else {
            let parent = self.name_parent(draft);
            let product = Row::parent(draft, &numbered, &parent);
            self.write_row(&product, lines)?;
            for variant in &draft.variants {
                self.write_row(&Row::variation(draft, variant, &parent), lines)?;
            }
            return Ok(());
        };
        self.write_row(&Row::lone(draft, variant, &numbered), lines)
    }

    fn write_row<W: Write>(&self, row: &Row<'_>, lines: &mut Lines<W>) -> io::Result<()> {
        for column in &self.columns {
            lines.cell(&row.cell(column));
        }
        lines.end()
    }

    /// The SKU by which variations name their product: its own, or else its handle, with a number
    /// if another product has that.
    fn name_parent(&mut self, draft: &ProductDraft) -> String {
        let own = draft.attributes.get("SKU").map_or("", |sku| sku.trim());
        let mut name = if own.is_empty() {
            draft.slug.as_str().to_owned()
        } else {
            own.to_owned()
        };
        let mut number = 1;
        while self.parents.contains(&name) {
            number += 1;
            name = format!("{}-{number}", draft.slug);
        }
        self.parents.insert(&name);
        if let Some(id) = draft.attributes.get("ID") {
            self.parents.insert(&format!("id:{}", id.trim()));
        }
        name
    }
}

/// The numbers of the columns `Attribute 1 name` … that a product needs.
pub(super) fn numbers(draft: &ProductDraft) -> impl Iterator<Item = usize> {
    numbered(draft).into_keys()
}

/// The names and values of a product's attributes in WooCommerce's sense: first its options, then
/// what an import left of those that are no options.
fn numbered<'a>(draft: &'a ProductDraft) -> BTreeMap<usize, (String, String)> {
    let mut numbered = BTreeMap::new();
    for (index, option) in draft.options.iter().enumerate() {
        let of_variants = draft
            .variants
            .iter()
            .filter_map(|variant| variant.option_values.get(index));
        let mut values: Vec<&str> = Vec::new();
        for value in option
            .values
            .iter()
            .chain(of_variants)
            .map(|value| value.trim())
        {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        numbered.insert(index + 1, (option.name.clone(), list::join(values)));
    }
    let of_variant = lone_variant(draft).map(|variant| &variant.attributes);
    for number in draft.options.len() + 1..=columns::ATTRIBUTES_MAX {
        let text = |column| {
            let column = name(column);
            let said = |attributes: &'a BTreeMap<String, String>| {
                let text = attributes.get(&column);
                text.filter(|text| !text.trim().is_empty())
            };
            said(&draft.attributes).or_else(|| of_variant.and_then(said))
        };
        let Some(name) = text(Column::AttributeName(number)) else {
            continue;
        };
        let values = text(Column::AttributeValues(number));
        numbered.insert(number, (name.clone(), values.cloned().unwrap_or_default()));
    }
    numbered
}

/// The variant of a product that is a single row.
fn lone_variant(draft: &ProductDraft) -> Option<&VariantDraft> {
    match &draft.variants[..] {
        [variant] if draft.options.is_empty() => Some(variant),
        _ => None,
    }
}

/// What kind of row a product with one variant is.
fn lone_kind(draft: &ProductDraft, variant: &VariantDraft) -> Kind {
    let kept = draft
        .attributes
        .get("Type")
        .and_then(|kept| Type::parse(kept));
    match kept.map(|kept| kept.kind) {
        Some(kind @ (Kind::External | Kind::Grouped)) => kind,
        Some(Kind::Variable) if variant.stock == Some(0) && variant.sku.is_none() => Kind::Variable,
        _ => Kind::Simple,
    }
}

/// Whether an attribute has its place in one of the model's columns, or none at all.
fn is_special(attribute: &str) -> bool {
    let is_numbered = matches!(
        columns::attribute_part(attribute),
        Some((_, "name" | "value(s)"))
    );
    is_numbered || KEPT.contains(&attribute)
}
