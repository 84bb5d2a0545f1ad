//! Adding what belongs to a product, a few statements for all of it.

use tenancy_core::sql::TenantTx;

use crate::catalog::{Product, ProductId, Variant};
use crate::error::Error;
use crate::money::Money;
use crate::sql::{insert_rows, to_json};

/// Adds variants at their positions, with their stock.
pub(super) async fn insert_variants<'a>(
    tx: &mut TenantTx,
    product: ProductId,
    variants: impl IntoIterator<Item = (usize, &'a Variant)>,
) -> Result<(), Error> {
    let variants: Vec<_> = variants.into_iter().collect();
    let rows = variants.iter().map(|(position, variant)| {
        [
            variant.tenant_id.as_uuid().into(),
            variant.id.as_uuid().into(),
            product.as_uuid().into(),
            (*position as i64).into(),
            variant.sku.as_deref().into(),
            to_json(&variant.option_values).into(),
            variant.price.amount().into(),
            variant.compare_at_price.map(Money::amount).into(),
            variant.cost.map(Money::amount).into(),
            variant.barcode.as_deref().into(),
            variant.weight_grams.into(),
            variant.weight_unit.as_str().into(),
            i64::from(variant.requires_shipping).into(),
            i64::from(variant.taxable).into(),
            variant.image_url.as_deref().into(),
            to_json(&variant.attributes).into(),
        ]
    });
    insert_rows(
        tx,
        "INSERT INTO commerce_product_variants (tenant_id, id, product_id, position, sku, \
         option_values, price, compare_at_price, cost, barcode, weight_grams, weight_unit, \
         requires_shipping, taxable, image_url, attributes) VALUES",
        rows.collect(),
    )
    .await?;
    let stock = variants.iter().map(|(_, variant)| {
        [
            variant.tenant_id.as_uuid().into(),
            variant.id.as_uuid().into(),
            product.as_uuid().into(),
            variant.stock.into(),
            i64::from(variant.backorder).into(),
        ]
    });
    insert_rows(
        tx,
        "INSERT INTO commerce_stock (tenant_id, variant_id, product_id, on_hand, backorder) VALUES",
        stock.collect(),
    )
    .await
}

pub(super) async fn insert_images(tx: &mut TenantTx, product: &Product) -> Result<(), Error> {
    let rows = product.images.iter().enumerate().map(|(ordinal, image)| {
        [
            product.tenant_id.as_uuid().into(),
            product.id.as_uuid().into(),
            (ordinal as i64).into(),
            i64::from(image.position).into(),
            image.url.as_str().into(),
            image.alt.as_str().into(),
        ]
    });
    insert_rows(
        tx,
        "INSERT INTO commerce_product_images (tenant_id, product_id, ordinal, position, url, alt) \
         VALUES",
        rows.collect(),
    )
    .await
}

pub(super) async fn insert_categories(tx: &mut TenantTx, product: &Product) -> Result<(), Error> {
    let places = product.categories.iter().enumerate();
    let rows = places.map(|(position, category)| {
        [
            product.tenant_id.as_uuid().into(),
            product.id.as_uuid().into(),
            category.id.as_uuid().into(),
            (position as i64).into(),
        ]
    });
    insert_rows(
        tx,
        "INSERT INTO commerce_product_categories (tenant_id, product_id, category_id, position) \
         VALUES",
        rows.collect(),
    )
    .await
}
