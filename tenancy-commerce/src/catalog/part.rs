use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::VariantId;
use crate::money::Money;

/// The names of a category and those above it, the root first: `["Clothing", "Hoodies"]`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CategoryPath(pub Vec<String>);

/// Something the buyer chooses, such as the size, and what there is to choose from.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct OptionDraft {
    /// What is chosen: `Size`.
    pub name: String,
    /// The choices, in the order they are shown.
    #[serde(default)]
    pub values: Vec<String>,
}

/// A picture of a product: a link, never the picture itself.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ImageDraft {
    /// An `http` or `https` address.
    pub url: String,
    /// What the picture shows, for those who do not see it.
    #[serde(default)]
    pub alt: String,
    /// Where it stands among the product's pictures, from 1; 0 is "after the one before it".
    #[serde(default)]
    pub position: u32,
}

/// The unit in which a weight is shown; it is kept in grams.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum WeightUnit {
    /// `g`
    #[default]
    #[serde(rename = "g")]
    Gram,
    /// `kg`
    #[serde(rename = "kg")]
    Kilogram,
    /// `oz`
    #[serde(rename = "oz")]
    Ounce,
    /// `lb`
    #[serde(rename = "lb")]
    Pound,
}

impl WeightUnit {
    /// The abbreviation: `g`, `kg`, `oz` or `lb`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gram => "g",
            Self::Kilogram => "kg",
            Self::Ounce => "oz",
            Self::Pound => "lb",
        }
    }

    /// Reads an abbreviation in any case, in the singular or the plural.
    pub fn from_abbreviation(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "g" => Self::Gram,
            "kg" | "kgs" => Self::Kilogram,
            "oz" => Self::Ounce,
            "lb" | "lbs" => Self::Pound,
            _ => return None,
        })
    }

    /// How many micrograms one unit weighs, to the nearest.
    pub(crate) const fn micrograms(self) -> i128 {
        match self {
            Self::Gram => 1_000_000,
            Self::Kilogram => 1_000_000_000,
            Self::Ounce => 28_349_523,
            Self::Pound => 453_592_370,
        }
    }
}

/// One sellable form of a product.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct VariantDraft {
    /// Which variant of the product this is to be; without it, the SKU and the option values
    /// tell. A new product's variants get new ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<VariantId>,
    /// The merchant's own number for it.
    #[serde(default)]
    pub sku: Option<String>,
    /// What it is for each of the product's options, in their order; an empty text means that
    /// any choice will do.
    #[serde(default)]
    pub option_values: Vec<String>,
    /// What a buyer pays for one piece.
    pub price: Money,
    /// The price it is compared with, usually the one before a sale.
    #[serde(default)]
    pub compare_at_price: Option<Money>,
    /// What a piece costs the merchant; never shown to buyers.
    #[serde(default)]
    pub cost: Option<Money>,
    /// Pieces on hand, negative when oversold. `None`: the stock is not tracked.
    #[serde(default)]
    pub stock: Option<i64>,
    /// Whether it is sold on when none is left.
    #[serde(default)]
    pub backorder: bool,
    /// ISBN, UPC, GTIN and the like.
    #[serde(default)]
    pub barcode: Option<String>,
    /// The weight of one piece.
    #[serde(default)]
    pub weight_grams: Option<i64>,
    /// The unit in which the weight is shown.
    #[serde(default)]
    pub weight_unit: WeightUnit,
    /// Whether it has to be sent; not so for a download or a service.
    #[serde(default = "yes")]
    pub requires_shipping: bool,
    /// Whether tax is charged.
    #[serde(default = "yes")]
    pub taxable: bool,
    /// The picture of this variant: an `http` or `https` address.
    #[serde(default)]
    pub image_url: Option<String>,
    /// What the model has no field for, by the name of its column.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl VariantDraft {
    /// A variant of which only the price is known: shipped, taxed and not tracked.
    pub const fn new(price: Money) -> Self {
        Self {
            id: None,
            sku: None,
            option_values: Vec::new(),
            price,
            compare_at_price: None,
            cost: None,
            stock: None,
            backorder: false,
            barcode: None,
            weight_grams: None,
            weight_unit: WeightUnit::Gram,
            requires_shipping: true,
            taxable: true,
            image_url: None,
            attributes: BTreeMap::new(),
        }
    }
}

const fn yes() -> bool {
    true
}
