use std::collections::BTreeMap;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use tenancy_core::html::SanitizedHtml;

use super::invalid::Checks;
use super::{
    CategoryPath, Field, Given, Handle, ImageDraft, InvalidDraft, InvalidHandle, OptionDraft,
    ProductStatus, VariantDraft,
};
use crate::error::Error;
use crate::json;

mod check;

pub(crate) use self::check::is_web_address;

/// The fields of a product, not yet checked.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ProductFields {
    /// The name in URLs, unique in a shop.
    pub slug: Handle,
    /// What it is called.
    pub name: String,
    /// Who sees it.
    pub status: ProductStatus,
    /// Whether it is put forward, for instance on the first page.
    pub featured: bool,
    /// What is said about it.
    pub description: SanitizedHtml,
    /// Who makes it.
    pub vendor: String,
    /// What kind of thing it is, in the merchant's words.
    pub product_type: String,
    /// Words it is found by.
    pub tags: Vec<String>,
    /// Where it stands in the shop.
    pub categories: Vec<CategoryPath>,
    /// What the buyer chooses; empty when there is one variant and nothing to choose.
    pub options: Vec<OptionDraft>,
    /// What is sold; at least one.
    pub variants: Vec<VariantDraft>,
    /// Its pictures.
    pub images: Vec<ImageDraft>,
    /// What the model has no field for, by the name of its column.
    pub attributes: BTreeMap<String, String>,
    /// Which of all these the draft speaks about. Not part of the JSON, which gives everything.
    #[serde(skip)]
    pub given: Given,
}

impl ProductFields {
    /// A draft product of that name, with a slug made from it and everything else empty.
    ///
    /// Fails if the name has no letter and no digit to make a slug from. It needs a variant
    /// before it can be a [`ProductDraft`].
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidHandle> {
        let name = name.into();
        let slug = Handle::from_name(&name).ok_or(InvalidHandle)?;
        Ok(Self::with_slug(slug, name))
    }

    /// As [`new`](Self::new), with a slug of its own.
    pub fn with_slug(slug: Handle, name: impl Into<String>) -> Self {
        Self {
            slug,
            name: name.into(),
            status: ProductStatus::default(),
            featured: false,
            description: SanitizedHtml::default(),
            vendor: String::new(),
            product_type: String::new(),
            tags: Vec::new(),
            categories: Vec::new(),
            options: Vec::new(),
            variants: Vec::new(),
            images: Vec::new(),
            attributes: BTreeMap::new(),
            given: Given::everything(),
        }
    }
}

/// A whole product as it is to be, within all [limits](super::limits).
///
/// Its fields are read through [`ProductFields`]; to change one, take them out with
/// [`into_fields`](Self::into_fields) and make the draft anew. In JSON, `name` and `variants` are
/// required, and a missing `slug` is made from the name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Json")]
pub struct ProductDraft(ProductFields);

impl ProductDraft {
    /// Checks `fields` against every limit, and that they fit together: a variant has one value
    /// for each option, all money is of one currency and no price is negative.
    pub fn new(fields: ProductFields) -> Result<Self, InvalidDraft> {
        let mut checks = Checks::default();
        check::product(&fields, &mut checks);
        checks.finish()?;
        Ok(Self(fields))
    }

    /// Reads a draft from JSON, with every violation by its field.
    ///
    /// Where no variant says how much there is of it, the draft does not speak of the stock.
    pub(crate) fn from_json(value: serde_json::Value) -> Result<Self, Error> {
        let variants = value["variants"].as_array();
        let counted = variants.is_some_and(|all| all.iter().any(|one| one.get("stock").is_some()));
        let mut draft = Self::try_from(json::read::<Json>(value)?)?;
        if !counted {
            draft.0.given = draft.0.given.without(Field::Stock);
        }
        Ok(draft)
    }

    /// The fields, to be changed.
    pub fn into_fields(self) -> ProductFields {
        self.0
    }
}

impl Deref for ProductDraft {
    type Target = ProductFields;

    fn deref(&self) -> &ProductFields {
        &self.0
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ProductDraft {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Json::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ProductDraft {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        Json::schemas(schemas);
    }
}

/// A product as somebody wishes it to be.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Deserialize)]
struct Json {
    slug: Option<String>,
    name: String,
    #[serde(default)]
    status: ProductStatus,
    #[serde(default)]
    featured: bool,
    #[serde(default)]
    description: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    product_type: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    categories: Vec<CategoryPath>,
    #[serde(default)]
    options: Vec<OptionDraft>,
    variants: Vec<VariantDraft>,
    #[serde(default)]
    images: Vec<ImageDraft>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl TryFrom<Json> for ProductDraft {
    type Error = InvalidDraft;

    fn try_from(json: Json) -> Result<Self, InvalidDraft> {
        let mut checks = Checks::default();
        check::raw_description(&json.description, &mut checks);
        checks.finish()?;
        let mut checks = Checks::default();
        let slug = match &json.slug {
            Some(slug) => slug
                .parse::<Handle>()
                .map_err(|invalid| invalid.to_string()),
            None => Handle::from_name(&json.name)
                .ok_or_else(|| "cannot be made from the name".to_owned()),
        };
        let slug = slug.unwrap_or_else(|message| {
            // A product without a name is told so, not that its slug has none.
            if json.slug.is_some() || !json.name.trim().is_empty() {
                checks.refuse("slug", message);
            }
            Handle::from_name("product").expect("letters make a handle")
        });
        let fields = ProductFields {
            status: json.status,
            featured: json.featured,
            description: SanitizedHtml::sanitize(&json.description),
            vendor: json.vendor,
            product_type: json.product_type,
            tags: json.tags,
            categories: json.categories,
            options: json.options,
            variants: json.variants,
            images: json.images,
            attributes: json.attributes,
            ..ProductFields::with_slug(slug, json.name)
        };
        check::product(&fields, &mut checks);
        checks.finish()?;
        Ok(Self(fields))
    }
}
