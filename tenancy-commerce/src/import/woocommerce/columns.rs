//! The columns of WooCommerce's product file.

use crate::catalog::{Field, Given, WeightUnit};
use crate::import::ImportError;
use crate::import::names::{ATTRIBUTE_PREFIX, Layout, Target, key};

/// The most attributes that are read of one product.
pub(crate) const ATTRIBUTES_MAX: usize = 64;

/// A column that the model has a place for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Column {
    AttributeName(usize),
    AttributeValues(usize),
    Backorders,
    Barcode,
    Brands,
    Categories,
    Cost,
    Description,
    Featured,
    Images,
    Name,
    Parent,
    ProductType,
    Published,
    RegularPrice,
    SalePrice,
    Sku,
    Slug,
    Status,
    Stock,
    Tags,
    TaxStatus,
    Type,
    Weight,
}

use Column::{
    AttributeName, AttributeValues, Backorders, Barcode, Brands, Categories, Cost, Description,
    Featured, Images, Name, Parent, ProductType, Published, RegularPrice, SalePrice, Sku, Slug,
    Status, Stock, Tags, TaxStatus, Type, Weight,
};

/// The names of the model's columns but for the weight and the attributes.
const MODEL: [(Column, &str); 21] = [
    (Type, "Type"),
    (Sku, "SKU"),
    (Barcode, "GTIN, UPC, EAN, or ISBN"),
    (Name, "Name"),
    (Published, "Published"),
    (Featured, "Is featured?"),
    (Description, "Description"),
    (TaxStatus, "Tax status"),
    (Stock, "Stock"),
    (Backorders, "Backorders allowed?"),
    (SalePrice, "Sale price"),
    (RegularPrice, "Regular price"),
    (Categories, "Categories"),
    (Tags, "Tags"),
    (Images, "Images"),
    (Parent, "Parent"),
    (Brands, "Brands"),
    (Cost, "Cost of goods"),
    // WooCommerce has no place for these; they are ours.
    (Slug, "Slug"),
    (ProductType, "Meta: _product_type"),
    (Status, "Meta: _status"),
];

/// The attributes that every export has, written as WooCommerce writes them.
pub(crate) const ATTRIBUTES: [&str; 24] = [
    "ID",
    "Visibility in catalog",
    "Short description",
    "Date sale price starts",
    "Date sale price ends",
    "Tax class",
    "In stock?",
    "Low stock amount",
    "Sold individually?",
    "Length (cm)",
    "Width (cm)",
    "Height (cm)",
    "Allow customer reviews?",
    "Purchase note",
    "Shipping class",
    "Download limit",
    "Download expiry days",
    "Grouped products",
    "Upsells",
    "Cross-sells",
    "External URL",
    "Button text",
    "Position",
    "Swatches Attributes",
];

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
    if let Some((column, _)) = MODEL
        .iter()
        .find(|(_, known)| known.eq_ignore_ascii_case(&key))
    {
        return Target::Model(*column);
    }
    if key.starts_with("weight (") {
        return Target::Model(Weight);
    }
    if let Some((number, part)) = attribute_part(&key) {
        return match part {
            "name" => Target::Model(AttributeName(number)),
            "value(s)" => Target::Model(AttributeValues(number)),
            _ => Target::Attribute(format!("Attribute {number} {part}")),
        };
    }
    let known = ATTRIBUTES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&key));
    Target::Attribute(known.map_or_else(|| name.trim().to_owned(), |known| (*known).to_owned()))
}

/// The name under which a column is written. Weights are written in kilograms.
pub(crate) fn name(column: Column) -> String {
    match column {
        AttributeName(number) => format!("Attribute {number} name"),
        AttributeValues(number) => format!("Attribute {number} value(s)"),
        Weight => "Weight (kg)".to_owned(),
        _ => MODEL
            .iter()
            .find(|(other, _)| *other == column)
            .map_or_else(String::new, |(_, name)| (*name).to_owned()),
    }
}

/// Takes `attribute 12 visible` apart, in lower case or as we write it.
pub(crate) fn attribute_part(name: &str) -> Option<(usize, &str)> {
    let rest = name
        .strip_prefix("attribute ")
        .or_else(|| name.strip_prefix("Attribute "))?;
    let (number, part) = rest.split_once(' ')?;
    if rest.starts_with(['0', '+'])
        || !["name", "value(s)", "visible", "global", "default"].contains(&part)
    {
        return None;
    }
    let number = number
        .parse()
        .ok()
        .filter(|number| (1..=ATTRIBUTES_MAX).contains(number))?;
    Some((number, part))
}

/// The unit of weight that the header names.
pub(super) fn weight_unit(
    header: &[String],
    layout: &Layout<Column>,
) -> Result<WeightUnit, ImportError> {
    let Some(column) = layout.column(Weight) else {
        return Ok(WeightUnit::Gram);
    };
    let key = key(&header[column]);
    let unit = key.trim_start_matches("weight (").trim_end_matches(')');
    WeightUnit::from_abbreviation(unit.trim()).ok_or_else(|| {
        ImportError::header(format!(
            "{:?} has an unknown unit of weight",
            header[column]
        ))
    })
}

/// What a file with these columns speaks about.
pub(super) fn given(layout: &Layout<Column>) -> Given {
    let of_column = |column| -> &'static [Field] {
        match column {
            AttributeValues(_) => &[Field::Options],
            Backorders => &[Field::Backorder],
            Barcode => &[Field::Barcode],
            Brands => &[Field::Vendor],
            Categories => &[Field::Categories],
            Cost => &[Field::Cost],
            Description => &[Field::Description],
            Featured => &[Field::Featured],
            Images => &[Field::Images, Field::VariantImage],
            Name => &[Field::Name],
            ProductType => &[Field::ProductType],
            Published | Status => &[Field::Status],
            RegularPrice => &[Field::Price],
            SalePrice => &[Field::CompareAtPrice],
            Sku => &[Field::Sku],
            Stock => &[Field::Stock],
            Tags => &[Field::Tags],
            TaxStatus => &[Field::Taxable],
            Type => &[Field::RequiresShipping],
            Weight => &[Field::Weight, Field::WeightUnit],
            AttributeName(_) | Parent | Slug => &[],
        }
    };
    let fields = layout.model().flat_map(of_column).copied();
    // What is kept of the model's columns is an attribute too.
    let kept = KEPT.iter().map(|name| (*name).to_owned());
    let attributes = layout.attributes().iter().map(|(name, _)| name.clone());
    let numbered = layout.model().filter_map(|column| match column {
        AttributeName(_) | AttributeValues(_) => Some(name(column)),
        _ => None,
    });
    Given::only(fields, attributes.chain(numbered).chain(kept))
}

/// Columns of the model of which something is kept as an attribute, because the model cannot say
/// it: the SKU of a product with variations, `notify`, the name of a variation and so on.
pub(crate) const KEPT: [&str; 8] = [
    "Backorders allowed?",
    "Description",
    "Name",
    "Published",
    "SKU",
    "Stock",
    "Tax status",
    "Type",
];
