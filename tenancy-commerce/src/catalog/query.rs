use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;

use super::{CategoryId, Handle, ProductId, ProductStatus};
use crate::page::Limit;

/// Which products, in which order, and which page of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProductQuery {
    /// Only those of this status. Buyers may only see
    /// [`Published`](ProductStatus::Published) ones, which the caller has to see to.
    pub status: Option<ProductStatus>,
    /// Only those in this category or below it.
    pub category: Option<CategoryRef>,
    /// Only those that are put forward, or only those that are not.
    pub featured: Option<bool>,
    /// Only those that hold every one of these words (the first eight), in any case and as part
    /// of a word.
    pub q: Option<String>,
    /// Only those that can be bought now, or only those that cannot.
    pub in_stock: Option<bool>,
    /// The order.
    pub sort: Sort,
    /// What follows this place; it must be one of the same order.
    pub after: Option<Position>,
    /// How many.
    pub limit: Limit,
}

/// What names a category.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum CategoryRef {
    /// Its id.
    Id(CategoryId),
    /// Its slug.
    Slug(Handle),
}

/// The order of a list of products.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Sort {
    /// By name, in any case.
    #[serde(rename = "name")]
    Name,
    /// The last added first.
    #[default]
    #[serde(rename = "newest")]
    Newest,
    /// The cheapest first.
    #[serde(rename = "price")]
    Price,
    /// The dearest first.
    #[serde(rename = "-price")]
    PriceDown,
}

/// The place of a product in a list: what it is sorted by, then its id.
///
/// It names no tenant. A cursor that leaves the server has to be signed with the tenant's id.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Position {
    pub(super) key: Key,
    pub(super) id: ProductId,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Key {
    Name(String),
    Newest(Time),
    Price(i64),
    PriceDown(i64),
}

impl Position {
    /// The order it belongs to.
    pub fn sort(&self) -> Sort {
        match self.key {
            Key::Name(_) => Sort::Name,
            Key::Newest(_) => Sort::Newest,
            Key::Price(_) => Sort::Price,
            Key::PriceDown(_) => Sort::PriceDown,
        }
    }
}
