//! Three shops with made-up goods, for a server that starts without any of its own.
//!
//! Their shelves are written down in `demo/*.toml`. They differ in language and currency, and hold
//! what a real shop holds: options, low and empty stock, reduced prices, a draft.

mod fill;

use std::collections::BTreeMap;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

const SOURCES: [&str; 3] = [
    include_str!("../demo/quillmoor.toml"),
    include_str!("../demo/kettenspatz.toml"),
    include_str!("../demo/mistgate.toml"),
];

/// A demonstration shop and everything in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoShop {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) tagline: String,
    /// An ISO 4217 code.
    pub(crate) currency: String,
    pub(crate) locale: String,
    pub(crate) time_zone: String,
    /// Parents come before their children.
    pub(crate) categories: Vec<DemoCategory>,
    pub(crate) customers: Vec<DemoCustomer>,
    /// The oldest first. The stock suffices for all of them.
    pub(crate) orders: Vec<DemoOrder>,
    pub(crate) products: Vec<DemoProduct>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoCategory {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// The slug of the category above.
    pub(crate) parent: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoProduct {
    pub(crate) slug: String,
    pub(crate) name: String,
    /// The slug of a category.
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) featured: bool,
    #[serde(default)]
    pub(crate) draft: bool,
    /// Plain text.
    pub(crate) description: String,
    /// The names of the options; each variant has a value for each.
    #[serde(default)]
    pub(crate) options: Vec<String>,
    pub(crate) variants: Vec<DemoVariant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoVariant {
    pub(crate) sku: String,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    /// In the currency's smallest unit.
    pub(crate) price: i64,
    /// The price before a reduction, in the currency's smallest unit.
    pub(crate) compare_at: Option<i64>,
    /// What is on the shelf before the orders.
    pub(crate) stock: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoCustomer {
    pub(crate) name: String,
    pub(crate) email: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoOrder {
    /// An index into the shop's customers.
    pub(crate) customer: usize,
    /// The quantity of each SKU.
    pub(crate) lines: BTreeMap<String, u32>,
}

/// Reads the demonstration shops.
pub(crate) fn shops() -> Vec<DemoShop> {
    SOURCES.into_iter().map(read).collect()
}

fn read(source: &str) -> DemoShop {
    let shop = Figment::from(Toml::string(source)).extract();
    shop.expect("the demonstration shops are part of the program, and the tests read each of them")
}

#[cfg(test)]
mod tests;
