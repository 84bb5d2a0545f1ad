use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use tenancy_commerce::catalog::{
    Catalog as _, CategoryRef, Product, ProductDraft, ProductId, ProductQuery, ProductStatus, Sort,
    SqlCatalog,
};
use tenancy_commerce::{Page, ProductPatch};
use tenancy_core::TenantScope;
use tenancy_core::json::Json;
use utoipa::IntoParams;

use super::{Answer, Id, List, ListOf, Mutation, Paging, Params, Refused, is_staff};
use crate::platform::Platform;
use crate::shop::ShopCurrency;

/// Which products.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// A category's id or slug; products below it count too.
    category: Option<String>,
    featured: Option<bool>,
    /// Only those that can be bought now, or only those that cannot.
    in_stock: Option<bool>,
    /// `published` (the default), `draft`, `archived` or `all`; others than `published` need staff.
    #[param(inline)]
    status: Option<Wanted>,
    /// Words that all of them hold.
    q: Option<String>,
    /// `newest` (the default), `name`, `price` or `-price`.
    #[param(value_type = Option<String>)]
    sort: Option<Sort>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    All,
    Archived,
    Draft,
    #[default]
    Published,
}

impl Filters {
    fn query(&self, scope: &TenantScope) -> Result<ProductQuery, Refused> {
        let wanted = self.status.unwrap_or_default();
        if wanted != Wanted::Published && !is_staff(scope) {
            return Err(Refused::sign_in());
        }
        let category = self.category.as_deref().map(|name| match name.parse() {
            Ok(id) => Ok(CategoryRef::Id(id)),
            Err(_) => name.parse().map(CategoryRef::Slug),
        });
        let category = category.transpose();
        Ok(ProductQuery {
            status: match wanted {
                Wanted::All => None,
                Wanted::Archived => Some(ProductStatus::Archived),
                Wanted::Draft => Some(ProductStatus::Draft),
                Wanted::Published => Some(ProductStatus::Published),
            },
            category: category
                .map_err(|invalid| Refused::invalid("category", invalid.to_string()))?,
            featured: self.featured,
            in_stock: self.in_stock,
            q: self.q.clone(),
            sort: self.sort.unwrap_or_default(),
            ..ProductQuery::default()
        })
    }
}

/// The products of the shop
#[utoipa::path(
    get, path = "/api/products", tag = "products", operation_id = "list_products", params(Paging, Filters), security((), ("key" = [])),
    responses((status = 200, body = ListOf<Product>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    scope: TenantScope,
    Params(paging): Params<Paging>,
    Params(filters): Params<Filters>,
) -> Result<Json<ListOf<Product>>, Refused> {
    let (list, query) = wanted(&platform, &scope, &paging, &filters)?;
    let page = platform.catalog().list(&scope, &query).await?;
    let shown = page.items.into_iter().map(|product| shown(product, &scope));
    Ok(list.page(Page {
        items: shown.collect(),
        next: page.next,
    }))
}

/// The list, and what it asks the catalogue for.
pub(super) fn wanted<'a>(
    platform: &'a Platform,
    scope: &'a TenantScope,
    paging: &Paging,
    filters: &Filters,
) -> Result<(List<'a>, ProductQuery), Refused> {
    let list = List::new(platform, scope, "products", filters);
    let query = ProductQuery {
        after: list.after(paging)?,
        limit: paging.limit()?,
        ..filters.query(scope)?
    };
    Ok((list, query))
}

/// A product
#[utoipa::path(
    get, path = "/api/products/{id}", tag = "products", operation_id = "find_product", params(("id" = ProductId, Path)),
    security((), ("key" = [])), responses((status = 200, body = Product)),
)]
pub(super) async fn find(
    State(platform): State<Platform>,
    scope: TenantScope,
    Id(id): Id<ProductId>,
) -> Result<Response, Refused> {
    let product = platform.catalog().find(&scope, id).await?;
    if product.status != ProductStatus::Published && !is_staff(&scope) {
        return Err(Refused::not_found());
    }
    Ok(Json(shown(product, &scope)).into_response())
}

/// Adds a product
#[utoipa::path(
    post, path = "/api/products", tag = "products", operation_id = "insert_product", request_body = ProductDraft,
    responses((status = 201, body = Product)),
)]
pub(super) async fn insert(change: Mutation) -> Result<Response, Refused> {
    let draft: ProductDraft = change.draft()?;
    let work = change.run(|tx| {
        async move {
            let product = SqlCatalog::insert_in(tx, &draft).await?;
            in_shops_currency(tx.scope(), &product)?;
            let location = format!("/api/products/{}", product.id);
            Ok(Answer::created(location, &product))
        }
        .boxed()
    });
    work.await
}

/// Makes a product be as the body says; variants are recognised by SKU and option values
#[utoipa::path(
    put, path = "/api/products/{id}", tag = "products", operation_id = "replace_product", params(("id" = ProductId, Path)),
    request_body = ProductDraft, responses((status = 200, body = Product)),
)]
pub(super) async fn replace(Id(id): Id<ProductId>, change: Mutation) -> Result<Response, Refused> {
    let draft: ProductDraft = change.draft()?;
    let work = change.run(|tx| {
        async move {
            let product = SqlCatalog::replace_in(tx, id, &draft).await?;
            in_shops_currency(tx.scope(), &product)?;
            Ok(Answer::changed(&product))
        }
        .boxed()
    });
    work.await
}

/// Changes some fields of a product, by a merge patch (RFC 7396)
#[utoipa::path(
    patch, path = "/api/products/{id}", tag = "products", operation_id = "patch_product", params(("id" = ProductId, Path)),
    request_body(content = serde_json::Map<String, serde_json::Value>, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Product)),
)]
pub(super) async fn patch(Id(id): Id<ProductId>, change: Mutation) -> Result<Response, Refused> {
    let patch: ProductPatch = change.object()?;
    let work = change.run(|tx| {
        async move {
            let product = SqlCatalog::patch_in(tx, id, &patch).await?;
            in_shops_currency(tx.scope(), &product)?;
            Ok(Answer::changed(&product))
        }
        .boxed()
    });
    work.await
}

/// Deletes a product with its variants and their stock
#[utoipa::path(
    delete, path = "/api/products/{id}", tag = "products", operation_id = "delete_product", params(("id" = ProductId, Path)),
    responses((status = 204)),
)]
pub(super) async fn delete(Id(id): Id<ProductId>, change: Mutation) -> Result<Response, Refused> {
    let work = change.run(|tx| {
        async move {
            SqlCatalog::delete_in(tx, id).await?;
            Ok(Answer::deleted())
        }
        .boxed()
    });
    work.await
}

/// Refuses prices that the shop's buyers cannot pay in. All prices of a product are of one currency.
fn in_shops_currency(scope: &TenantScope, product: &Product) -> Result<(), Refused> {
    let currency = scope.tenant().settings.get::<ShopCurrency>();
    if product.price_from.currency() == currency {
        return Ok(());
    }
    let message = format!("must be {currency}, the currency of the shop");
    Err(Refused::invalid("variants[0].price.currency", message))
}

/// The product as the caller may see it.
fn shown(product: Product, scope: &TenantScope) -> Product {
    if is_staff(scope) {
        product
    } else {
        product.for_buyers()
    }
}
