use std::collections::HashSet;

use askama::Template;

use super::card::{Availability, Badge, Picture, ProductCard};
use super::frame::{Frame, Section};
use super::html::RichText;
use super::language::Texts;
use super::link::Link;
use super::shop::{Crumb, ShopView};
use super::structured;

/// How many variants the table of all variants holds.
const LISTED_MAX: usize = 60;

/// `/products/{slug}`.
///
/// A visitor chooses a variant by following the links of its options, so that the page needs no
/// script and every variant has an address.
#[derive(Debug, Template)]
#[template(path = "product.html")]
pub(crate) struct ProductPage {
    pub(crate) shop: ShopView,
    pub(crate) name: String,
    pub(crate) slug: String,
    /// Plain text for search engines; may be empty.
    pub(crate) summary: String,
    pub(crate) description: RichText,
    pub(crate) picture: Picture,
    pub(crate) badge: Option<Badge>,
    /// The categories of the product, from the top.
    pub(crate) breadcrumbs: Vec<Crumb>,
    /// An ISO 4217 code.
    pub(crate) currency: String,
    pub(crate) option_names: Vec<String>,
    pub(crate) variants: Vec<Variant>,
    /// Which of the variants the visitor chose; the first if there is none of that number.
    pub(crate) chosen: usize,
    pub(crate) related: Vec<ProductCard>,
}

/// One form of a product that has its own price and stock.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) sku: String,
    /// The value of each option, in the order of their names.
    pub(crate) values: Vec<String>,
    pub(crate) price_text: String,
    /// The price as a plain number with a decimal point, such as `34.12`.
    pub(crate) price_decimal: String,
    pub(crate) compare_at_text: Option<String>,
    pub(crate) availability: Availability,
}

/// An option and the values a visitor can choose from.
#[derive(Debug)]
struct OptionChoice<'a> {
    name: &'a str,
    values: Vec<ValueChoice<'a>>,
}

#[derive(Debug, Eq, PartialEq)]
struct ValueChoice<'a> {
    label: &'a str,
    url: Link,
    current: bool,
    sold_out: bool,
}

impl ProductPage {
    fn chosen(&self) -> Option<&Variant> {
        self.variants
            .get(self.chosen)
            .or_else(|| self.variants.first())
    }

    /// The options, each value leading to the variant that is nearest to the chosen one.
    fn options(&self) -> Vec<OptionChoice<'_>> {
        let Some(chosen) = self.chosen() else {
            return vec![];
        };
        let names = self.option_names.iter().enumerate();
        names
            .map(|(option, name)| OptionChoice {
                name,
                values: self.values(option, chosen),
            })
            .filter(|choice| !choice.values.is_empty())
            .collect()
    }

    fn values<'a>(&'a self, option: usize, chosen: &Variant) -> Vec<ValueChoice<'a>> {
        let (mut values, mut seen) = (vec![], HashSet::new());
        for variant in &self.variants {
            let Some(label) = variant.values.get(option) else {
                continue;
            };
            if !seen.insert(label) {
                continue;
            }
            let nearest = self
                .variants
                .iter()
                .filter(|other| other.values.get(option) == Some(label))
                // The first of the nearest: `max_by_key` alone would take the last.
                .rev()
                .max_by_key(|other| other.shared_values(chosen))
                .unwrap_or(variant);
            values.push(ValueChoice {
                label: self.shop.texts().or_any(label),
                url: Link::variant(&self.slug, &nearest.sku),
                current: chosen.values.get(option) == Some(label),
                sold_out: nearest.availability == Availability::SoldOut,
            });
        }
        values
    }

    /// All variants in a table, unless there are so many that nobody would look through it.
    fn listed(&self) -> &[Variant] {
        match self.variants.len() {
            2..=LISTED_MAX => &self.variants,
            _ => &[],
        }
    }

    fn variant_url(&self, variant: &Variant) -> Link {
        Link::variant(&self.slug, &variant.sku)
    }

    fn structured_data(&self) -> String {
        structured::product(self)
    }

    fn frame(&self) -> Frame<'_> {
        let frame = self.shop.frame(&self.name, &Link::product(&self.slug));
        let image =
            (!self.picture.drawn).then(|| format!("{}{}", self.shop.origin, self.picture.url));
        let description = if self.summary.is_empty() {
            &frame.description
        } else {
            &self.summary
        };
        Frame {
            description: description.clone(),
            image,
            section: Section::Products,
            ..frame
        }
    }
}

impl Variant {
    /// The values of all options, such as `Blue / Large`.
    fn label(&self, texts: &'static Texts) -> String {
        if self.values.is_empty() {
            return self.sku.clone();
        }
        let values: Vec<_> = self
            .values
            .iter()
            .map(|value| texts.or_any(value))
            .collect();
        values.join(" / ")
    }

    fn shared_values(&self, other: &Self) -> usize {
        self.values
            .iter()
            .zip(&other.values)
            .filter(|(one, two)| one == two)
            .count()
    }
}

#[cfg(test)]
mod tests;
