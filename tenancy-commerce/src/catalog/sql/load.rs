//! Reading products with their parts, in the same few statements for one and for a page.

use std::collections::HashMap;

use tenancy_core::TenantId;
use tenancy_core::html::SanitizedHtml;
use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use tenancy_core::sql::filter::Query;
use tenancy_core::time::Time;
use uuid::Uuid;

use super::category;
use crate::catalog::{
    Handle, ImageDraft, Product, ProductCategory, ProductId, Variant, WeightUnit,
};
use crate::error::{Error, ErrorKind};
use crate::sql::{corrupt, from_json, money, push_ids};

/// All that [`ProductRow`] reads, and the size that a page is cut by.
pub(super) const SELECT: &str = "SELECT id, slug, name, name_key, status, featured, description, \
     vendor, product_type, tags, options, attributes, currency, price_from, created_at, \
     updated_at, size_bytes FROM commerce_products";

#[derive(sqlx::FromRow)]
pub(super) struct ProductRow {
    pub(super) id: Uuid,
    slug: String,
    name: String,
    pub(super) name_key: String,
    status: String,
    featured: i64,
    description: String,
    vendor: String,
    product_type: String,
    tags: String,
    options: String,
    attributes: String,
    currency: String,
    pub(super) price_from: i64,
    pub(super) created_at: i64,
    updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct VariantRow {
    id: Uuid,
    product_id: Uuid,
    sku: Option<String>,
    option_values: String,
    price: i64,
    compare_at_price: Option<i64>,
    cost: Option<i64>,
    on_hand: Option<i64>,
    backorder: i64,
    barcode: Option<String>,
    weight_grams: Option<i64>,
    weight_unit: String,
    requires_shipping: i64,
    taxable: i64,
    image_url: Option<String>,
    attributes: String,
}

#[derive(sqlx::FromRow)]
struct ImageRow {
    product_id: Uuid,
    position: i64,
    url: String,
    alt: String,
}

pub(super) async fn by_id(tx: &mut TenantTx, id: ProductId) -> Result<Product, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let mut query = Query::new(SELECT, []);
    query.push(
        " WHERE tenant_id = ? AND id = ?",
        [tenant.into(), id.as_uuid().into()],
    );
    one(tx, query)
        .await?
        .ok_or_else(|| ErrorKind::NotFound.into())
}

pub(super) async fn by_slug(tx: &mut TenantTx, slug: &Handle) -> Result<Option<Product>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let mut query = Query::new(SELECT, []);
    query.push(
        " WHERE tenant_id = ? AND slug = ?",
        [tenant.into(), slug.as_str().into()],
    );
    one(tx, query).await
}

async fn one(tx: &mut TenantTx, query: Query) -> Result<Option<Product>, Error> {
    let row: Option<ProductRow> = on_tx!(tx, |conn| query.query_as()?.fetch_optional(conn).await)?;
    let products = with_parts(tx, row.into_iter().collect()).await?;
    Ok(products.into_iter().next())
}

/// Gives each product its variants, pictures and categories, in at most four statements.
pub(super) async fn with_parts(
    tx: &mut TenantTx,
    rows: Vec<ProductRow>,
) -> Result<Vec<Product>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut variants = variants(tx, &ids).await?;
    let mut images = images(tx, &ids).await?;
    let mut categories = category::of_products(tx, &ids).await?;
    let tenant = tx.tenant_id();
    rows.into_iter()
        .map(|row| {
            let variants = variants.remove(&row.id).unwrap_or_default();
            let images = images.remove(&row.id).unwrap_or_default();
            let categories = categories.remove(&row.id).unwrap_or_default();
            row.product(tenant, variants, images, categories)
        })
        .collect()
}

async fn variants(
    tx: &mut TenantTx,
    products: &[Uuid],
) -> Result<HashMap<Uuid, Vec<VariantRow>>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let mut query = Query::new(
        "SELECT variant.id, variant.product_id, variant.sku, variant.option_values, \
         variant.price, variant.compare_at_price, variant.cost, stock.on_hand, stock.backorder, \
         variant.barcode, variant.weight_grams, variant.weight_unit, variant.requires_shipping, \
         variant.taxable, variant.image_url, variant.attributes \
         FROM commerce_product_variants AS variant \
         JOIN commerce_stock AS stock ON stock.tenant_id = variant.tenant_id \
         AND stock.variant_id = variant.id WHERE variant.tenant_id = ?",
        [tenant.into()],
    );
    push_ids(
        &mut query,
        " AND variant.product_id IN",
        products.iter().copied(),
    );
    query.push(" ORDER BY variant.product_id, variant.position", []);
    let rows: Vec<VariantRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    let mut by_product = HashMap::<_, Vec<_>>::new();
    for row in rows {
        by_product.entry(row.product_id).or_default().push(row);
    }
    Ok(by_product)
}

async fn images(
    tx: &mut TenantTx,
    products: &[Uuid],
) -> Result<HashMap<Uuid, Vec<ImageDraft>>, Error> {
    let tenant = tx.tenant_id().as_uuid();
    let mut query = Query::new(
        "SELECT product_id, position, url, alt FROM commerce_product_images WHERE tenant_id = ?",
        [tenant.into()],
    );
    push_ids(&mut query, " AND product_id IN", products.iter().copied());
    query.push(" ORDER BY product_id, ordinal", []);
    let rows: Vec<ImageRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    let mut by_product = HashMap::<_, Vec<_>>::new();
    for row in rows {
        by_product
            .entry(row.product_id)
            .or_default()
            .push(ImageDraft {
                url: row.url,
                alt: row.alt,
                position: row.position.try_into().map_err(corrupt)?,
            });
    }
    Ok(by_product)
}

impl ProductRow {
    fn product(
        self,
        tenant_id: TenantId,
        variants: Vec<VariantRow>,
        images: Vec<ImageDraft>,
        categories: Vec<ProductCategory>,
    ) -> Result<Product, Error> {
        let variants = variants
            .into_iter()
            .map(|variant| variant.variant(tenant_id, &self.currency))
            .collect::<Result<_, _>>()?;
        Ok(Product {
            tenant_id,
            id: self.id.into(),
            slug: self.slug.parse().map_err(corrupt)?,
            name: self.name,
            status: self.status.parse().map_err(corrupt)?,
            featured: self.featured == 1,
            description: SanitizedHtml::sanitize(&self.description),
            vendor: self.vendor,
            product_type: self.product_type,
            tags: from_json(&self.tags)?,
            categories,
            options: from_json(&self.options)?,
            variants,
            images,
            attributes: from_json(&self.attributes)?,
            price_from: money(self.price_from, &self.currency)?,
            created_at: Time::from_microseconds(self.created_at),
            updated_at: Time::from_microseconds(self.updated_at),
        })
    }
}

impl VariantRow {
    fn variant(self, tenant_id: TenantId, currency: &str) -> Result<Variant, Error> {
        let price = money(self.price, currency)?;
        let same_currency = |amount| crate::money::Money::new(amount, price.currency());
        Ok(Variant {
            tenant_id,
            id: self.id.into(),
            sku: self.sku,
            option_values: from_json(&self.option_values)?,
            price,
            compare_at_price: self.compare_at_price.map(same_currency),
            cost: self.cost.map(same_currency),
            stock: self.on_hand,
            backorder: self.backorder == 1,
            barcode: self.barcode,
            weight_grams: self.weight_grams,
            weight_unit: WeightUnit::from_abbreviation(&self.weight_unit)
                .ok_or_else(|| Error::corrupt("unknown unit of weight"))?,
            requires_shipping: self.requires_shipping == 1,
            taxable: self.taxable == 1,
            image_url: self.image_url,
            attributes: from_json(&self.attributes)?,
        })
    }
}
