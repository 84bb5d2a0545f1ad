use std::borrow::Cow;
use std::io::{self, Write};

use super::ExportColumns;
use super::lines::Lines;
use crate::catalog::{ImageDraft, ProductDraft, ProductStatus, VariantDraft};
use crate::import::list;
use crate::import::names::Target;
use crate::import::shopify::columns::{Column, TRACKER, is_of_variant, name, target};

/// The columns that every file has, in Shopify's order.
const COLUMNS: [&str; 48] = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Tracker",
    "Variant Inventory Qty",
    "Variant Inventory Policy",
    "Variant Fulfillment Service",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Requires Shipping",
    "Variant Taxable",
    "Variant Barcode",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Gift Card",
    "SEO Title",
    "SEO Description",
    "Google Shopping / Google Product Category",
    "Google Shopping / Gender",
    "Google Shopping / Age Group",
    "Google Shopping / MPN",
    "Google Shopping / AdWords Grouping",
    "Google Shopping / AdWords Labels",
    "Google Shopping / Condition",
    "Google Shopping / Custom Product",
    "Google Shopping / Custom Label 0",
    "Google Shopping / Custom Label 1",
    "Google Shopping / Custom Label 2",
    "Google Shopping / Custom Label 3",
    "Google Shopping / Custom Label 4",
    "Variant Image",
    "Variant Weight Unit",
    "Variant Tax Code",
    "Cost per item",
    "Status",
];

/// Puts products into the columns of a Shopify file.
pub(super) struct ShopifyRows {
    columns: Vec<Target<Column>>,
}

/// One row: its place in the product, its variant and its picture, if it has them.
struct Row<'a> {
    draft: &'a ProductDraft,
    is_first: bool,
    variant: Option<&'a VariantDraft>,
    image: Option<&'a ImageDraft>,
}

impl ShopifyRows {
    pub(super) fn new(columns: &ExportColumns) -> (Self, Vec<String>) {
        let mut all: Vec<(String, Target<Column>)> = COLUMNS
            .iter()
            .map(|column| ((*column).to_owned(), target(column)))
            .collect();
        let options = (4..=columns.options)
            .flat_map(|number| [Column::OptionName(number), Column::OptionValue(number)]);
        let ours = [
            (Column::Category, columns.has_categories),
            (Column::Categories, columns.has_several_categories),
            (Column::Featured, columns.has_featured),
        ];
        let ours = ours
            .into_iter()
            .filter(|(_, is_needed)| *is_needed)
            .map(|(column, _)| column);
        all.extend(
            options
                .chain(ours)
                .map(|column| (name(column), Target::Model(column))),
        );
        let known: Vec<Target<Column>> = all.iter().map(|(_, target)| target.clone()).collect();
        let attributes = columns.attributes(target, |name| name == TRACKER);
        all.extend(attributes.filter(|(_, target)| !known.contains(target)));
        let (header, columns) = all.into_iter().unzip();
        (Self { columns }, header)
    }

    pub(super) fn write<W: Write>(
        &self,
        draft: &ProductDraft,
        lines: &mut Lines<W>,
    ) -> io::Result<()> {
        for index in 0..draft.variants.len().max(draft.images.len()) {
            let row = Row {
                draft,
                is_first: index == 0,
                variant: draft.variants.get(index),
                image: draft.images.get(index),
            };
            for column in &self.columns {
                lines.cell(&row.cell(column));
            }
            lines.end()?;
        }
        Ok(())
    }
}

impl Row<'_> {
    fn cell(&self, column: &Target<Column>) -> Cow<'_, str> {
        match column {
            Target::Attribute(name) => Cow::Borrowed(self.attribute(name)),
            Target::Model(Column::Handle) => Cow::Borrowed(self.draft.slug.as_str()),
            Target::Model(column) => self
                .of_product(*column)
                .or_else(|| self.of_variant(*column))
                .or_else(|| self.of_image(*column))
                .unwrap_or_default(),
            Target::Nameless => Cow::Borrowed(""),
        }
    }

    fn attribute(&self, name: &str) -> &str {
        let of_product = || self.draft.attributes.get(name).filter(|_| self.is_first);
        let of_variant = || {
            self.variant
                .and_then(|variant| variant.attributes.get(name))
        };
        let says = |text: &&String| !text.is_empty();
        let text = match is_of_variant(name) {
            true => of_variant().filter(says).or_else(of_product),
            false => of_product().filter(says).or_else(of_variant),
        };
        text.map_or("", String::as_str)
    }

    /// `None` if the product does not say it in this row.
    fn of_product(&self, column: Column) -> Option<Cow<'_, str>> {
        let draft = if self.is_first {
            self.draft
        } else {
            return None;
        };
        Some(match column {
            Column::Body => Cow::Borrowed(draft.description.as_str()),
            Column::Categories if draft.categories.len() > 1 => {
                let paths: Vec<String> = draft
                    .categories
                    .iter()
                    .map(|path| path_text(&path.0))
                    .collect();
                Cow::Owned(list::join(paths.iter().map(String::as_str)))
            }
            Column::Category => Cow::Owned(
                draft
                    .categories
                    .first()
                    .map_or_else(String::new, |path| path_text(&path.0)),
            ),
            Column::Featured => flag(draft.featured),
            Column::OptionName(number) => match draft.options.get(number - 1) {
                Some(option) => Cow::Borrowed(&option.name),
                None if number == 1 && draft.options.is_empty() => Cow::Borrowed("Title"),
                None => Cow::Borrowed(""),
            },
            Column::Published => flag(draft.status == ProductStatus::Published),
            Column::Status => Cow::Borrowed(match draft.status {
                ProductStatus::Archived => "archived",
                ProductStatus::Draft => "draft",
                ProductStatus::Published => "active",
            }),
            Column::Tags => Cow::Owned(list::join(draft.tags.iter().map(String::as_str))),
            Column::Title => Cow::Borrowed(&draft.name),
            Column::Type => Cow::Borrowed(&draft.product_type),
            Column::Vendor => Cow::Borrowed(&draft.vendor),
            _ => return None,
        })
    }

    fn of_variant(&self, column: Column) -> Option<Cow<'_, str>> {
        let variant = self.variant?;
        Some(match column {
            Column::Barcode => Cow::Borrowed(variant.barcode.as_deref()?),
            Column::CompareAtPrice => Cow::Owned(variant.compare_at_price?.to_decimal()),
            Column::Cost => Cow::Owned(variant.cost?.to_decimal()),
            Column::Grams => Cow::Owned(variant.weight_grams?.to_string()),
            Column::OptionValue(number) => match variant.option_values.get(number - 1) {
                Some(value) => Cow::Borrowed(value),
                None if number == 1 => Cow::Borrowed("Default Title"),
                None => Cow::Borrowed(""),
            },
            Column::Policy => Cow::Borrowed(if variant.backorder {
                "continue"
            } else {
                "deny"
            }),
            Column::Price => Cow::Owned(variant.price.to_decimal()),
            Column::Quantity => Cow::Owned(variant.stock?.to_string()),
            Column::RequiresShipping => flag(variant.requires_shipping),
            Column::Sku => Cow::Borrowed(variant.sku.as_deref()?),
            Column::Taxable => flag(variant.taxable),
            Column::Tracker => Cow::Borrowed(tracker(variant)),
            Column::VariantImage => Cow::Borrowed(variant.image_url.as_deref()?),
            Column::WeightUnit => Cow::Borrowed(variant.weight_unit.as_str()),
            _ => return None,
        })
    }

    fn of_image(&self, column: Column) -> Option<Cow<'_, str>> {
        let image = self.image?;
        Some(match column {
            Column::ImageAlt => Cow::Borrowed(&image.alt),
            Column::ImagePosition if image.position > 0 => Cow::Owned(image.position.to_string()),
            Column::ImageSrc => Cow::Borrowed(&image.url),
            _ => return None,
        })
    }
}

fn tracker(variant: &VariantDraft) -> &str {
    if variant.stock.is_none() {
        return "";
    }
    let other = variant
        .attributes
        .get(TRACKER)
        .map_or("", |tracker| tracker.trim());
    if other.is_empty() || other.eq_ignore_ascii_case("shopify") {
        "shopify"
    } else {
        other
    }
}

fn path_text(names: &[String]) -> String {
    list::join_path(names.iter().map(String::as_str))
}

fn flag(yes: bool) -> Cow<'static, str> {
    Cow::Borrowed(if yes { "true" } else { "false" })
}
