use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;
use tenancy_core::html::SanitizedHtml;
use tenancy_core::time::Time;

use super::{
    CategoryId, CategoryPath, Handle, ImageDraft, OptionDraft, ProductFields, ProductStatus,
    VariantDraft, WeightUnit,
};
use crate::id::{id, nobody};
use crate::money::Money;

id! {
    /// A product's permanent identity.
    ProductId
}

id! {
    /// A variant's permanent identity; orders and stock name it.
    VariantId
}

/// A product of one shop, as it is stored.
///
/// Products of two shops are never equal, whatever they hold.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Product {
    /// Whose it is. Not part of the JSON; nobody's when read from there.
    #[serde(skip, default = "nobody")]
    pub tenant_id: TenantId,
    /// Permanent.
    pub id: ProductId,
    /// The name in URLs, unique in the shop.
    pub slug: Handle,
    /// What it is called.
    pub name: String,
    /// Who sees it.
    pub status: ProductStatus,
    /// Whether it is put forward.
    pub featured: bool,
    /// What is said about it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub description: SanitizedHtml,
    /// Who makes it.
    pub vendor: String,
    /// What kind of thing it is, in the merchant's words.
    pub product_type: String,
    /// Words it is found by.
    pub tags: Vec<String>,
    /// Where it stands in the shop.
    pub categories: Vec<ProductCategory>,
    /// What the buyer chooses.
    pub options: Vec<OptionDraft>,
    /// What is sold; at least one.
    pub variants: Vec<Variant>,
    /// Its pictures, in order.
    pub images: Vec<ImageDraft>,
    /// What the model has no field for.
    pub attributes: BTreeMap<String, String>,
    /// The lowest price of its variants.
    pub price_from: Money,
    /// When it was added.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Time,
    /// When it was last changed; its stock changes without it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Time,
}

impl Product {
    /// The product as a draft, to be changed or exported.
    pub fn to_fields(&self) -> ProductFields {
        ProductFields {
            status: self.status,
            featured: self.featured,
            description: self.description.clone(),
            vendor: self.vendor.clone(),
            product_type: self.product_type.clone(),
            tags: self.tags.clone(),
            categories: self.categories.iter().map(|one| one.path.clone()).collect(),
            options: self.options.clone(),
            variants: self.variants.iter().map(Variant::to_draft).collect(),
            images: self.images.clone(),
            attributes: self.attributes.clone(),
            ..ProductFields::with_slug(self.slug.clone(), self.name.clone())
        }
    }

    /// The product without what only the merchant may know: the cost of each variant.
    #[must_use]
    pub fn for_buyers(mut self) -> Self {
        for variant in &mut self.variants {
            variant.cost = None;
        }
        self
    }
}

/// A category that a product stands in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct ProductCategory {
    /// Permanent.
    pub id: CategoryId,
    /// The name in URLs.
    pub slug: Handle,
    /// Its name and those above it, the root first.
    pub path: CategoryPath,
}

/// One sellable form of a product.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Variant {
    /// Whose it is. Not part of the JSON; nobody's when read from there.
    #[serde(skip, default = "nobody")]
    pub tenant_id: TenantId,
    /// Permanent.
    pub id: VariantId,
    /// The merchant's own number for it; nothing keeps two variants from having the same.
    pub sku: Option<String>,
    /// What it is for each of the product's options.
    pub option_values: Vec<String>,
    /// What a buyer pays for one piece.
    pub price: Money,
    /// The price it is compared with.
    pub compare_at_price: Option<Money>,
    /// What a piece costs the merchant; see [`Product::for_buyers`].
    pub cost: Option<Money>,
    /// Pieces on hand, negative when oversold. `None`: the stock is not tracked.
    pub stock: Option<i64>,
    /// Whether it is sold on when none is left.
    pub backorder: bool,
    /// ISBN, UPC, GTIN and the like.
    pub barcode: Option<String>,
    /// The weight of one piece.
    pub weight_grams: Option<i64>,
    /// The unit in which the weight is shown.
    pub weight_unit: WeightUnit,
    /// Whether it has to be sent.
    pub requires_shipping: bool,
    /// Whether tax is charged.
    pub taxable: bool,
    /// The picture of this variant.
    pub image_url: Option<String>,
    /// What the model has no field for.
    pub attributes: BTreeMap<String, String>,
}

impl Variant {
    /// Whether at least one can be bought now.
    pub fn is_in_stock(&self) -> bool {
        self.backorder || self.stock.is_none_or(|pieces| pieces > 0)
    }

    /// The variant as a draft.
    pub fn to_draft(&self) -> VariantDraft {
        VariantDraft {
            id: Some(self.id),
            sku: self.sku.clone(),
            option_values: self.option_values.clone(),
            price: self.price,
            compare_at_price: self.compare_at_price,
            cost: self.cost,
            stock: self.stock,
            backorder: self.backorder,
            barcode: self.barcode.clone(),
            weight_grams: self.weight_grams,
            weight_unit: self.weight_unit,
            requires_shipping: self.requires_shipping,
            taxable: self.taxable,
            image_url: self.image_url.clone(),
            attributes: self.attributes.clone(),
        }
    }

    /// The variant that a draft describes.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn from_draft(tenant_id: TenantId, id: VariantId, draft: &VariantDraft) -> Self {
        let draft = draft.clone();
        Self {
            tenant_id,
            id,
            sku: draft.sku,
            option_values: draft.option_values,
            price: draft.price,
            compare_at_price: draft.compare_at_price,
            cost: draft.cost,
            stock: draft.stock,
            backorder: draft.backorder,
            barcode: draft.barcode,
            weight_grams: draft.weight_grams,
            weight_unit: draft.weight_unit,
            requires_shipping: draft.requires_shipping,
            taxable: draft.taxable,
            image_url: draft.image_url,
            attributes: draft.attributes,
        }
    }
}
