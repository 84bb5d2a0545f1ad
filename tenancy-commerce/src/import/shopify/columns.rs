//! The columns of Shopify's product file, in both dialects.

use crate::catalog::limits::OPTIONS_MAX;
use crate::catalog::{Field, Given};
use crate::import::names::{ATTRIBUTE_PREFIX, Layout, Target, key};

/// A column that the model has a place for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    Barcode,
    Body,
    Categories,
    Category,
    CompareAtPrice,
    Cost,
    Featured,
    Grams,
    Handle,
    ImageAlt,
    ImagePosition,
    ImageSrc,
    OptionName(usize),
    OptionValue(usize),
    Policy,
    Price,
    Published,
    Quantity,
    RequiresShipping,
    Sku,
    Status,
    Tags,
    Taxable,
    Title,
    Tracker,
    Type,
    VariantImage,
    Vendor,
    WeightUnit,
}

use Column::{
    Barcode, Body, Categories, Category, CompareAtPrice, Cost, Featured, Grams, Handle, ImageAlt,
    ImagePosition, ImageSrc, OptionName, OptionValue, Policy, Price, Published, Quantity,
    RequiresShipping, Sku, Status, Tags, Taxable, Title, Tracker, Type, VariantImage, Vendor,
    WeightUnit,
};

/// The names of the model's columns but for the options: the old one, which is written, and the
/// new ones, in lower case.
const MODEL: [(Column, &str, &[&str]); 27] = [
    (Handle, "Handle", &["url handle"]),
    (Title, "Title", &[]),
    (Body, "Body (HTML)", &["description", "body html"]),
    (Vendor, "Vendor", &[]),
    (Type, "Type", &["product type"]),
    (Tags, "Tags", &[]),
    (Published, "Published", &["published on online store"]),
    (Sku, "Variant SKU", &["sku"]),
    (Grams, "Variant Grams", &["weight value (grams)"]),
    (Tracker, "Variant Inventory Tracker", &["inventory tracker"]),
    (Quantity, "Variant Inventory Qty", &["inventory quantity"]),
    (
        Policy,
        "Variant Inventory Policy",
        &["continue selling when out of stock"],
    ),
    (Price, "Variant Price", &["price"]),
    (
        CompareAtPrice,
        "Variant Compare At Price",
        &["compare-at price", "compare at price"],
    ),
    (
        RequiresShipping,
        "Variant Requires Shipping",
        &["requires shipping"],
    ),
    (Taxable, "Variant Taxable", &["charge tax", "charge taxes"]),
    (Barcode, "Variant Barcode", &["barcode"]),
    (ImageSrc, "Image Src", &["product image url"]),
    (ImagePosition, "Image Position", &[]),
    (ImageAlt, "Image Alt Text", &[]),
    (VariantImage, "Variant Image", &["variant image url"]),
    (
        WeightUnit,
        "Variant Weight Unit",
        &["weight unit for display"],
    ),
    (Cost, "Cost per item", &[]),
    (Status, "Status", &[]),
    (Category, "Product Category", &["standardized product type"]),
    // Shopify has no place for these two; they are ours.
    (Categories, "Categories", &[]),
    (Featured, "Featured", &[]),
];

/// The names of attributes that changed between the dialects, and their new names in lower case.
const ATTRIBUTES: [(&str, &str); 22] = [
    ("Variant Fulfillment Service", "fulfillment service"),
    ("Gift Card", "gift card"),
    ("SEO Title", "seo title"),
    ("SEO Description", "seo description"),
    (
        "Google Shopping / Google Product Category",
        "google shopping / google product category",
    ),
    ("Google Shopping / Gender", "google shopping / gender"),
    ("Google Shopping / Age Group", "google shopping / age group"),
    (
        "Google Shopping / MPN",
        "google shopping / manufacturer part number (mpn)",
    ),
    (
        "Google Shopping / AdWords Grouping",
        "google shopping / ad group name",
    ),
    (
        "Google Shopping / AdWords Labels",
        "google shopping / ads labels",
    ),
    ("Google Shopping / Condition", "google shopping / condition"),
    (
        "Google Shopping / Custom Product",
        "google shopping / custom product",
    ),
    (
        "Google Shopping / Custom Label 0",
        "google shopping / custom label 0",
    ),
    (
        "Google Shopping / Custom Label 1",
        "google shopping / custom label 1",
    ),
    (
        "Google Shopping / Custom Label 2",
        "google shopping / custom label 2",
    ),
    (
        "Google Shopping / Custom Label 3",
        "google shopping / custom label 3",
    ),
    (
        "Google Shopping / Custom Label 4",
        "google shopping / custom label 4",
    ),
    ("Variant Tax Code", "tax code"),
    ("Unit Price Total Measure", "unit price total measure"),
    (
        "Unit Price Total Measure Unit",
        "unit price total measure unit",
    ),
    ("Unit Price Base Measure", "unit price base measure"),
    (
        "Unit Price Base Measure Unit",
        "unit price base measure unit",
    ),
];

/// The name under which a tracker other than Shopify's own is kept.
pub(crate) const TRACKER: &str = "Variant Inventory Tracker";

/// What the column of that name is.
pub(crate) fn target(name: &str) -> Target<Column> {
    if let Some(attribute) = name
        .strip_prefix(ATTRIBUTE_PREFIX)
        .filter(|rest| !rest.is_empty())
    {
        return Target::Attribute(attribute.to_owned());
    }
    let key = key(name);
    if key.is_empty() {
        return Target::Nameless;
    }
    let model = MODEL
        .iter()
        .find(|(_, old, new)| old.eq_ignore_ascii_case(&key) || new.contains(&key.as_str()));
    if let Some((column, ..)) = model {
        return Target::Model(*column);
    }
    if let Some(column) = option(&key) {
        return Target::Model(column);
    }
    let known = ATTRIBUTES
        .iter()
        .find(|(old, new)| old.eq_ignore_ascii_case(&key) || *new == key);
    Target::Attribute(known.map_or_else(|| name.trim().to_owned(), |(old, _)| (*old).to_owned()))
}

/// Whether the attribute belongs to each variant rather than to the product.
pub(crate) fn is_of_variant(attribute: &str) -> bool {
    let key = attribute.to_ascii_lowercase();
    [
        "variant ",
        "price / ",
        "compare at price / ",
        "compare-at price / ",
        "unit price ",
    ]
    .iter()
    .any(|prefix| key.starts_with(prefix))
        || ["included / ", "variant.metafields"]
            .iter()
            .any(|part| key.contains(part))
}

/// The name under which a column is written.
pub(crate) fn name(column: Column) -> String {
    match column {
        OptionName(number) => format!("Option{number} Name"),
        OptionValue(number) => format!("Option{number} Value"),
        _ => MODEL
            .iter()
            .find(|(other, ..)| *other == column)
            .map_or_else(String::new, |(_, name, _)| (*name).to_owned()),
    }
}

/// What a file with these columns speaks about.
pub(super) fn given(layout: &Layout<Column>) -> Given {
    let fields = layout.model().filter_map(|column| {
        Some(match column {
            Barcode => Field::Barcode,
            Body => Field::Description,
            Categories | Category => Field::Categories,
            CompareAtPrice => Field::CompareAtPrice,
            Cost => Field::Cost,
            Featured => Field::Featured,
            Grams => Field::Weight,
            ImageSrc => Field::Images,
            OptionValue(_) => Field::Options,
            Policy => Field::Backorder,
            Price => Field::Price,
            Published | Status => Field::Status,
            Quantity => Field::Stock,
            RequiresShipping => Field::RequiresShipping,
            Sku => Field::Sku,
            Tags => Field::Tags,
            Taxable => Field::Taxable,
            Title => Field::Name,
            Type => Field::ProductType,
            VariantImage => Field::VariantImage,
            Vendor => Field::Vendor,
            WeightUnit => Field::WeightUnit,
            Handle | ImageAlt | ImagePosition | OptionName(_) | Tracker => return None,
        })
    });
    Given::only(
        fields,
        layout.attributes().iter().map(|(name, _)| name.clone()),
    )
}

/// Reads `option1 name` and `option12 value`.
fn option(key: &str) -> Option<Column> {
    let rest = key.strip_prefix("option")?;
    let (number, part) = rest.split_once(' ')?;
    let number = number
        .parse()
        .ok()
        .filter(|number| (1..=OPTIONS_MAX).contains(number))?;
    if rest.starts_with(['0', '+']) {
        return None;
    }
    match part {
        "name" => Some(OptionName(number)),
        "value" => Some(OptionValue(number)),
        _ => None,
    }
}
