//! Writing a product: only what differs from what is stored.

use tenancy_core::TenantId;
use tenancy_core::journal::Change;
use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use tenancy_core::time::Time;

use super::{category, matching};
use crate::catalog::invalid::Checks;
use crate::catalog::{
    CategoryId, Field, ImageDraft, Product, ProductCategory, ProductDraft, ProductId, Variant,
    VariantId,
};
use crate::error::{Error, ErrorKind};
use crate::money::Money;
use crate::sql::{search_text, to_json, unique};

mod parts;

pub(super) async fn insert(tx: &mut TenantTx, draft: &ProductDraft) -> Result<Product, Error> {
    let now = Time::now();
    let categories = category::resolve(tx, &draft.categories).await?;
    let ids = draft.variants.iter().map(|_| VariantId::generate());
    let product = Product {
        created_at: now,
        updated_at: now,
        ..product(
            tx.tenant_id(),
            ProductId::generate(),
            draft,
            ids,
            categories,
        )
    };
    insert_row(tx, &product).await?;
    parts::insert_variants(tx, product.id, product.variants.iter().enumerate()).await?;
    parts::insert_images(tx, &product).await?;
    parts::insert_categories(tx, &product).await?;
    tx.record(Change::created(&product));
    Ok(product)
}

/// Makes the stored product, which is locked, be like the draft. What it answers equals `before`
/// when there was nothing to do.
pub(super) async fn replace(
    tx: &mut TenantTx,
    before: &Product,
    draft: &ProductDraft,
) -> Result<Product, Error> {
    let same_places = before.categories.iter().map(|one| &one.path);
    let categories = if same_places.eq(&draft.categories) {
        before.categories.clone()
    } else {
        category::resolve(tx, &draft.categories).await?
    };
    let found = matching::variants(&before.variants, &draft.variants);
    check_ids(draft, &found)?;
    let ids = found.iter().map(|found| match *found {
        Some(at) => before.variants[at].id,
        None => VariantId::generate(),
    });
    let mut after = Product {
        created_at: before.created_at,
        updated_at: before.updated_at,
        ..product(before.tenant_id, before.id, draft, ids, categories)
    };
    if !draft.given.contains(Field::Stock) {
        for (variant, found) in after.variants.iter_mut().zip(&found) {
            variant.stock = found.and_then(|at| before.variants[at].stock);
        }
    }
    if after == *before {
        return Ok(after);
    }
    after.updated_at = later(before);
    update_row(tx, &after).await?;
    write_variants(tx, before, &after, &found).await?;
    if after.images != before.images {
        const CLEAR: &str =
            "DELETE FROM commerce_product_images WHERE tenant_id = $1 AND product_id = $2";
        delete_by(tx, CLEAR, after.id.as_uuid()).await?;
        parts::insert_images(tx, &after).await?;
    }
    if after.categories != before.categories {
        const CLEAR: &str =
            "DELETE FROM commerce_product_categories WHERE tenant_id = $1 AND product_id = $2";
        delete_by(tx, CLEAR, after.id.as_uuid()).await?;
        parts::insert_categories(tx, &after).await?;
    }
    tx.record(Change::updated(before, &after));
    Ok(after)
}

/// Takes the stored product, which is locked, out of a category.
pub(super) async fn leave(
    tx: &mut TenantTx,
    before: &Product,
    category: CategoryId,
) -> Result<(), Error> {
    const LEAVE: &str = "DELETE FROM commerce_product_categories \
         WHERE tenant_id = $1 AND product_id = $2 AND category_id = $3";
    let mut after = before.clone();
    after.categories.retain(|one| one.id != category);
    after.updated_at = later(before);
    update_row(tx, &after).await?;
    on_tx!(tx, |conn| {
        sqlx::query(LEAVE)
            .bind(after.tenant_id.as_uuid())
            .bind(after.id.as_uuid())
            .bind(category.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.record(Change::updated(before, &after));
    Ok(())
}

/// Now, and later than before even if the clock is not: `update` tells versions apart by it.
fn later(before: &Product) -> Time {
    let next = Time::from_microseconds(before.updated_at.as_microseconds() + 1);
    Time::now().max(next)
}

/// Refuses ids of other products' variants, and one id for two variants.
fn check_ids(draft: &ProductDraft, found: &[Option<usize>]) -> Result<(), Error> {
    let mut checks = Checks::default();
    for (index, (variant, found)) in draft.variants.iter().zip(found).enumerate() {
        if variant.id.is_some() && found.is_none() {
            let field = format_args!("variants[{index}].id");
            checks.refuse(field, "is not a variant of this product, or is given twice");
        }
    }
    Ok(checks.finish()?)
}

pub(super) async fn delete(tx: &mut TenantTx, before: &Product) -> Result<(), Error> {
    const DELETE: &str = "DELETE FROM commerce_products WHERE tenant_id = $1 AND id = $2";
    delete_by(tx, DELETE, before.id.as_uuid()).await?;
    tx.record(Change::deleted(before));
    Ok(())
}

/// The product that a draft describes, at no time yet.
fn product(
    tenant_id: TenantId,
    id: ProductId,
    draft: &ProductDraft,
    variant_ids: impl Iterator<Item = VariantId>,
    categories: Vec<ProductCategory>,
) -> Product {
    let cheapest = draft.variants.iter().map(|variant| variant.price);
    Product {
        tenant_id,
        id,
        slug: draft.slug.clone(),
        name: draft.name.clone(),
        status: draft.status,
        featured: draft.featured,
        description: draft.description.clone(),
        vendor: draft.vendor.clone(),
        product_type: draft.product_type.clone(),
        tags: draft.tags.clone(),
        categories,
        options: draft.options.clone(),
        variants: draft
            .variants
            .iter()
            .zip(variant_ids)
            .map(|(draft, id)| Variant::from_draft(tenant_id, id, draft))
            .collect(),
        images: placed(&draft.images),
        attributes: draft.attributes.clone(),
        price_from: cheapest
            .min_by_key(|price| price.amount())
            .expect("a draft has a variant"),
        created_at: Time::from_microseconds(0),
        updated_at: Time::from_microseconds(0),
    }
}

/// The pictures in their order, each with a place.
fn placed(images: &[ImageDraft]) -> Vec<ImageDraft> {
    let mut last = 0_u32;
    let mut placed: Vec<_> = images
        .iter()
        .map(|image| {
            if image.position == 0 {
                last = last.saturating_add(1);
            } else {
                last = image.position;
            }
            ImageDraft {
                position: last,
                ..image.clone()
            }
        })
        .collect();
    placed.sort_by_key(|image| image.position);
    placed
}

/// What is searched, the name first.
fn searched(product: &Product) -> String {
    let description = product.description.to_text();
    let skus = product.variants.iter().filter_map(|one| one.sku.as_deref());
    let words = [
        &*product.name,
        product.slug.as_str(),
        &product.vendor,
        &product.product_type,
    ];
    let tags = product.tags.iter().map(String::as_str);
    search_text(
        words
            .into_iter()
            .chain(tags)
            .chain(skus)
            .chain([&*description]),
    )
}

async fn insert_row(tx: &mut TenantTx, product: &Product) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO commerce_products (tenant_id, id, slug, name, name_key, \
         status, featured, description, vendor, product_type, tags, options, attributes, \
         currency, price_from, search_text, updated_at, created_at, size_bytes) VALUES ($1, $2, \
         $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    write_row(tx, INSERT, product).await
}

async fn update_row(tx: &mut TenantTx, product: &Product) -> Result<(), Error> {
    const UPDATE: &str = "UPDATE commerce_products SET slug = $3, name = $4, name_key = $5, \
         status = $6, featured = $7, description = $8, vendor = $9, product_type = $10, \
         tags = $11, options = $12, attributes = $13, currency = $14, price_from = $15, \
         search_text = $16, updated_at = $17, created_at = $18, size_bytes = $19 \
         WHERE tenant_id = $1 AND id = $2";
    write_row(tx, UPDATE, product).await
}

async fn write_row(
    tx: &mut TenantTx,
    statement: &'static str,
    product: &Product,
) -> Result<(), Error> {
    let (name_key, search_text) = (product.name.to_lowercase(), searched(product));
    let (tags, options) = (to_json(&product.tags), to_json(&product.options));
    let attributes = to_json(&product.attributes);
    let size_bytes = to_json(product).len() as i64;
    on_tx!(tx, |conn| {
        sqlx::query(statement)
            .bind(product.tenant_id.as_uuid())
            .bind(product.id.as_uuid())
            .bind(product.slug.as_str())
            .bind(&product.name)
            .bind(name_key)
            .bind(product.status.as_str())
            .bind(i64::from(product.featured))
            .bind(product.description.as_str())
            .bind(&product.vendor)
            .bind(&product.product_type)
            .bind(tags)
            .bind(options)
            .bind(attributes)
            .bind(product.price_from.currency().code())
            .bind(product.price_from.amount())
            .bind(search_text)
            .bind(product.updated_at.as_microseconds())
            .bind(product.created_at.as_microseconds())
            .bind(size_bytes)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })
    .map_err(unique(ErrorKind::SlugTaken))?;
    Ok(())
}

/// Deletes, changes and adds variants. Stock that stays as it was read is not written: an order
/// may be taking from it.
async fn write_variants(
    tx: &mut TenantTx,
    before: &Product,
    after: &Product,
    found: &[Option<usize>],
) -> Result<(), Error> {
    const DELETE: &str = "DELETE FROM commerce_product_variants WHERE tenant_id = $1 AND id = $2";
    for (at, variant) in before.variants.iter().enumerate() {
        if !found.contains(&Some(at)) {
            delete_by(tx, DELETE, variant.id.as_uuid()).await?;
        }
    }
    let mut added = Vec::new();
    let mut stock: Vec<&Variant> = Vec::new();
    for (position, (variant, found)) in after.variants.iter().zip(found).enumerate() {
        let Some(at) = *found else {
            added.push((position, variant));
            continue;
        };
        let stored = &before.variants[at];
        if (stored.stock, stored.backorder) != (variant.stock, variant.backorder) {
            stock.push(variant);
        }
        if stored != variant || at != position {
            update_variant(tx, after.id, variant, position).await?;
        }
    }
    parts::insert_variants(tx, after.id, added).await?;
    // In the order in which orders lock them.
    stock.sort_by_key(|variant| variant.id);
    for variant in stock {
        let read = before
            .variants
            .iter()
            .find(|stored| stored.id == variant.id);
        let counted = read.is_none_or(|stored| stored.stock != variant.stock);
        update_stock(tx, variant, counted).await?;
    }
    Ok(())
}

async fn update_variant(
    tx: &mut TenantTx,
    product: ProductId,
    variant: &Variant,
    position: usize,
) -> Result<(), Error> {
    const UPDATE: &str = "UPDATE commerce_product_variants SET position = $4, sku = $5, \
         option_values = $6, price = $7, compare_at_price = $8, cost = $9, barcode = $10, \
         weight_grams = $11, weight_unit = $12, requires_shipping = $13, taxable = $14, \
         image_url = $15, attributes = $16 WHERE tenant_id = $1 AND id = $2 AND product_id = $3";
    let option_values = to_json(&variant.option_values);
    let attributes = to_json(&variant.attributes);
    on_tx!(tx, |conn| {
        sqlx::query(UPDATE)
            .bind(variant.tenant_id.as_uuid())
            .bind(variant.id.as_uuid())
            .bind(product.as_uuid())
            .bind(position as i64)
            .bind(&variant.sku)
            .bind(option_values)
            .bind(variant.price.amount())
            .bind(variant.compare_at_price.map(Money::amount))
            .bind(variant.cost.map(Money::amount))
            .bind(&variant.barcode)
            .bind(variant.weight_grams)
            .bind(variant.weight_unit.as_str())
            .bind(i64::from(variant.requires_shipping))
            .bind(i64::from(variant.taxable))
            .bind(&variant.image_url)
            .bind(attributes)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

async fn update_stock(tx: &mut TenantTx, variant: &Variant, counted: bool) -> Result<(), Error> {
    const COUNTED: &str = "UPDATE commerce_stock SET backorder = $3, on_hand = $4 \
         WHERE tenant_id = $1 AND variant_id = $2";
    const KEPT: &str = "UPDATE commerce_stock SET backorder = $3 \
         WHERE tenant_id = $1 AND variant_id = $2";
    on_tx!(tx, |conn| {
        let query = sqlx::query(if counted { COUNTED } else { KEPT })
            .bind(variant.tenant_id.as_uuid())
            .bind(variant.id.as_uuid())
            .bind(i64::from(variant.backorder));
        let query = if counted {
            query.bind(variant.stock)
        } else {
            query
        };
        query.execute(conn).await.map(|done| done.rows_affected())
    })?;
    Ok(())
}

async fn delete_by(
    tx: &mut TenantTx,
    statement: &'static str,
    id: uuid::Uuid,
) -> Result<(), Error> {
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(statement)
            .bind(tenant)
            .bind(id)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}
