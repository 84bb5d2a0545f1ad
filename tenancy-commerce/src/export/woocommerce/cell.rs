use std::borrow::Cow;
use std::collections::BTreeMap;

use super::lone_kind;
use crate::catalog::{ProductDraft, ProductStatus, VariantDraft};
use crate::import::list;
use crate::import::names::Target;
use crate::import::woocommerce::columns::Column;
use crate::import::woocommerce::kind::{Kind, Type};

type Attributes = BTreeMap<String, String>;

/// One row: a product, a product with variations, or a variation.
pub(super) struct Row<'a> {
    kind: Kind,
    /// The product, unless the row is a variation.
    draft: Option<&'a ProductDraft>,
    /// What is sold, unless that is in other rows.
    variant: Option<&'a VariantDraft>,
    attributes: [Option<&'a Attributes>; 2],
    numbered: Cow<'a, BTreeMap<usize, (String, String)>>,
    parent: &'a str,
}

impl<'a> Row<'a> {
    /// A product that is a single row.
    pub(super) fn lone(
        draft: &'a ProductDraft,
        variant: &'a VariantDraft,
        numbered: &'a BTreeMap<usize, (String, String)>,
    ) -> Self {
        Self {
            kind: lone_kind(draft, variant),
            draft: Some(draft),
            variant: Some(variant),
            attributes: [Some(&draft.attributes), Some(&variant.attributes)],
            numbered: Cow::Borrowed(numbered),
            parent: "",
        }
    }

    /// A product whose variations call it `parent`.
    pub(super) fn parent(
        draft: &'a ProductDraft,
        numbered: &'a BTreeMap<usize, (String, String)>,
        parent: &'a str,
    ) -> Self {
        Self {
            kind: Kind::Variable,
            draft: Some(draft),
            variant: None,
            attributes: [Some(&draft.attributes), None],
            numbered: Cow::Borrowed(numbered),
            parent,
        }
    }

    pub(super) fn variation(
        draft: &'a ProductDraft,
        variant: &'a VariantDraft,
        parent: &'a str,
    ) -> Self {
        let options = draft.options.iter().zip(&variant.option_values).enumerate();
        let numbered = options.map(|(index, (option, value))| {
            (
                index + 1,
                (option.name.clone(), list::join([value.as_str()])),
            )
        });
        Self {
            kind: Kind::Variation,
            draft: None,
            variant: Some(variant),
            attributes: [Some(&variant.attributes), None],
            numbered: Cow::Owned(numbered.collect()),
            parent,
        }
    }

    pub(super) fn cell(&self, column: &Target<Column>) -> Cow<'_, str> {
        match column {
            Target::Attribute(name) => Cow::Borrowed(self.attribute(name)),
            Target::Model(column) => self
                .of_row(*column)
                .or_else(|| self.of_product(*column))
                .or_else(|| self.of_variant(*column))
                .unwrap_or_default(),
            Target::Nameless => Cow::Borrowed(""),
        }
    }

    fn attribute(&self, name: &str) -> &str {
        let texts = self
            .attributes
            .iter()
            .flatten()
            .filter_map(|attributes| attributes.get(name));
        texts
            .map(String::as_str)
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }

    /// An attribute that an import kept because the model cannot say it, if it says anything.
    fn kept(&self, name: &str) -> Option<&str> {
        Some(self.attribute(name)).filter(|text| !text.trim().is_empty())
    }

    /// Whether the row is something that is sold by itself.
    const fn is_sold(&self) -> bool {
        matches!(self.kind, Kind::Simple | Kind::Variation)
    }

    fn of_row(&self, column: Column) -> Option<Cow<'_, str>> {
        match column {
            Column::AttributeName(number) => borrowed(&self.numbered.get(&number)?.0),
            Column::AttributeValues(number) => borrowed(&self.numbered.get(&number)?.1),
            Column::Parent if self.kind == Kind::Variation => borrowed(self.parent),
            Column::Sku if self.kind == Kind::Variable => match self.variant {
                Some(_) => self.kept("SKU").map(Cow::Borrowed),
                None => borrowed(self.parent),
            },
            Column::Type => Some(Cow::Owned(self.type_text())),
            Column::Name | Column::Description if self.kind == Kind::Variation => {
                let name = if column == Column::Name {
                    "Name"
                } else {
                    "Description"
                };
                self.kept(name).map(Cow::Borrowed)
            }
            Column::Published if self.kind == Kind::Variation => {
                borrowed(self.kept("Published").map_or("1", str::trim))
            }
            Column::Stock | Column::Backorders if self.kind == Kind::Variable => {
                let name = if column == Column::Stock {
                    "Stock"
                } else {
                    "Backorders allowed?"
                };
                self.kept(name).map(Cow::Borrowed)
            }
            Column::TaxStatus if self.kind == Kind::Variable && self.variant.is_none() => {
                let status = self.kept("Tax status").map(str::trim);
                let is_known = |text: &&str| matches!(*text, "taxable" | "shipping" | "none");
                status.filter(is_known).map(Cow::Borrowed)
            }
            _ => None,
        }
    }

    fn type_text(&self) -> String {
        let kept = self.kept("Type").and_then(Type::parse);
        let is_lone = self.kind != Kind::Variable;
        Type {
            kind: self.kind,
            is_downloadable: is_lone && kept.is_some_and(|kept| kept.is_downloadable),
            is_virtual: self
                .variant
                .is_some_and(|variant| !variant.requires_shipping),
        }
        .text()
    }

    fn of_product(&self, column: Column) -> Option<Cow<'_, str>> {
        let draft = self.draft?;
        match column {
            Column::Brands => borrowed(&draft.vendor),
            Column::Categories => {
                let paths: Vec<String> = draft
                    .categories
                    .iter()
                    .map(|path| list::join_path(path.0.iter().map(String::as_str)))
                    .collect();
                Some(Cow::Owned(list::join(paths.iter().map(String::as_str))))
            }
            Column::Description => borrowed(draft.description.as_str()),
            Column::Featured => borrowed(if draft.featured { "1" } else { "0" }),
            Column::Images => Some(Cow::Owned(list::join(
                draft.images.iter().map(|image| image.url.as_str()),
            ))),
            Column::Name => borrowed(&draft.name),
            Column::ProductType => borrowed(&draft.product_type),
            Column::Published => borrowed(match draft.status {
                ProductStatus::Published => "1",
                _ if self.kept("Published").map(str::trim) == Some("0") => "0",
                ProductStatus::Archived | ProductStatus::Draft => "-1",
            }),
            Column::Slug => borrowed(draft.slug.as_str()),
            Column::Status if draft.status == ProductStatus::Archived => borrowed("archived"),
            Column::Tags => Some(Cow::Owned(list::join(
                draft.tags.iter().map(String::as_str),
            ))),
            _ => None,
        }
    }

    fn of_variant(&self, column: Column) -> Option<Cow<'_, str>> {
        let variant = self.variant?;
        match column {
            Column::Backorders if self.is_sold() => {
                let notify = self.kept("Backorders allowed?").map(str::trim) == Some("notify");
                borrowed(if !variant.backorder {
                    "0"
                } else if notify {
                    "notify"
                } else {
                    "1"
                })
            }
            Column::Barcode => borrowed(variant.barcode.as_deref()?),
            Column::Cost => Some(Cow::Owned(variant.cost?.to_decimal())),
            Column::Images => Some(Cow::Owned(list::join(variant.image_url.as_deref()))),
            Column::RegularPrice => match variant.compare_at_price {
                Some(compared) => Some(Cow::Owned(compared.to_decimal())),
                None if !self.is_sold() && variant.price.is_zero() => None,
                None => Some(Cow::Owned(variant.price.to_decimal())),
            },
            Column::SalePrice => variant
                .compare_at_price
                .map(|_| Cow::Owned(variant.price.to_decimal())),
            Column::Sku => borrowed(variant.sku.as_deref()?),
            Column::Stock if self.is_sold() => self.stock(variant),
            Column::TaxStatus if !variant.taxable => borrowed("none"),
            Column::TaxStatus => {
                let shipping = self.kept("Tax status").map(str::trim) == Some("shipping");
                borrowed(if shipping { "shipping" } else { "taxable" })
            }
            Column::Weight => Some(Cow::Owned(kilograms(variant.weight_grams?))),
            _ => None,
        }
    }

    fn stock(&self, variant: &VariantDraft) -> Option<Cow<'_, str>> {
        if let Some(stock) = variant.stock {
            return Some(Cow::Owned(stock.to_string()));
        }
        // What is out of stock without being counted has, for us, a count of nothing.
        if matches!(self.attribute("In stock?").trim(), "0" | "no" | "false") {
            return Some(Cow::Borrowed("0"));
        }
        let is_shared = self.kind == Kind::Variation && self.attribute("Stock").trim() == "parent";
        is_shared.then_some(Cow::Borrowed("parent"))
    }
}

/// Grams as kilograms, without needless zeros.
fn kilograms(grams: i64) -> String {
    let text = format!("{}.{:03}", grams / 1000, grams % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn borrowed(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}
