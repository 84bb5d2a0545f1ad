use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use tenancy_commerce::catalog::{Catalog as _, Category, CategoryDraft, CategoryId, SqlCatalog};
use tenancy_commerce::{Page, Patch};
use tenancy_core::TenantScope;
use tenancy_core::json::Json;

use super::{Answer, Id, List, ListOf, Mutation, Paging, Params, Refused};
use crate::platform::Platform;

/// The categories of the shop, in the order in which they were made
#[utoipa::path(
    get, path = "/api/categories", tag = "categories", operation_id = "list_categories", params(Paging), security((), ("key" = [])),
    responses((status = 200, body = ListOf<Category>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    scope: TenantScope,
    Params(paging): Params<Paging>,
) -> Result<Json<ListOf<Category>>, Refused> {
    let list = List::new(&platform, &scope, "categories", &());
    let after: Option<CategoryId> = list.after(&paging)?;
    let rows = paging.limit()?.rows();
    // A shop's categories are read whole: every page of the shop shows their tree.
    let mut rest = platform.catalog().categories(&scope).await?;
    rest.retain(|category| Some(category.id) > after);
    rest.sort_by_key(|category| category.id);
    let more = rest.len() > rows;
    rest.truncate(rows);
    let last = rest.last().map(|category| category.id);
    Ok(list.page(Page {
        next: last.filter(|_| more),
        items: rest,
    }))
}

/// A category
#[utoipa::path(
    get, path = "/api/categories/{id}", tag = "categories", operation_id = "find_category", params(("id" = CategoryId, Path)),
    security((), ("key" = [])), responses((status = 200, body = Category)),
)]
pub(super) async fn find(
    State(platform): State<Platform>,
    scope: TenantScope,
    Id(id): Id<CategoryId>,
) -> Result<Json<Category>, Refused> {
    Ok(Json(platform.catalog().find_category(&scope, id).await?))
}

/// Adds a category
#[utoipa::path(
    post, path = "/api/categories", tag = "categories", operation_id = "insert_category", request_body = CategoryDraft,
    responses((status = 201, body = Category)),
)]
pub(super) async fn insert(change: Mutation) -> Result<Response, Refused> {
    let draft: CategoryDraft = change.draft()?;
    let work = change.run(|tx| {
        async move {
            let category = SqlCatalog::insert_category_in(tx, &draft).await?;
            let location = format!("/api/categories/{}", category.id);
            Ok(Answer::created(location, &category))
        }
        .boxed()
    });
    work.await
}

/// Makes a category be as the body says
#[utoipa::path(
    put, path = "/api/categories/{id}", tag = "categories", operation_id = "replace_category", params(("id" = CategoryId, Path)),
    request_body = CategoryDraft, responses((status = 200, body = Category)),
)]
pub(super) async fn replace(Id(id): Id<CategoryId>, change: Mutation) -> Result<Response, Refused> {
    let draft: CategoryDraft = change.draft()?;
    let work = change.run(|tx| {
        async move {
            let category = SqlCatalog::replace_category_in(tx, id, &draft).await?;
            Ok(Answer::changed(&category))
        }
        .boxed()
    });
    work.await
}

/// Changes some fields of a category, by a merge patch (RFC 7396)
#[utoipa::path(
    patch, path = "/api/categories/{id}", tag = "categories", operation_id = "patch_category", params(("id" = CategoryId, Path)),
    request_body(content = serde_json::Map<String, serde_json::Value>, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Category)),
)]
pub(super) async fn patch(Id(id): Id<CategoryId>, change: Mutation) -> Result<Response, Refused> {
    let patch: Patch<CategoryDraft> = change.object()?;
    let work = change.run(|tx| {
        async move {
            let category = SqlCatalog::patch_category_in(tx, id, &patch).await?;
            Ok(Answer::changed(&category))
        }
        .boxed()
    });
    work.await
}

/// Deletes a category that has none below it; its products stay
#[utoipa::path(
    delete, path = "/api/categories/{id}", tag = "categories", operation_id = "delete_category", params(("id" = CategoryId, Path)),
    responses((status = 204)),
)]
pub(super) async fn delete(Id(id): Id<CategoryId>, change: Mutation) -> Result<Response, Refused> {
    let work = change.run(|tx| {
        async move {
            SqlCatalog::delete_category_in(tx, id).await?;
            Ok(Answer::deleted())
        }
        .boxed()
    });
    work.await
}
