use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use tenancy_commerce::Patch;
use tenancy_commerce::catalog::{ProductId, VariantId};
use tenancy_commerce::stock::{SqlStock, Stock as _, StockDraft, StockLevel, StockQuery};
use tenancy_core::json::Json;
use utoipa::{IntoParams, ToSchema};

use super::{Answer, Id, List, ListOf, Mutation, Paging, Params, Refused, Staff};
use crate::platform::Platform;

/// Which stock levels.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    product_id: Option<ProductId>,
    /// Only those at or below their reorder point.
    #[serde(default)]
    #[param(default = false)]
    low: bool,
}

/// How much of each variant there is, in the order in which the variants were made
#[utoipa::path(
    get, path = "/api/inventory", tag = "inventory", operation_id = "list_stock_levels", params(Paging, Filters),
    responses((status = 200, body = ListOf<StockLevel>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Params(paging): Params<Paging>,
    Params(filters): Params<Filters>,
) -> Result<Json<ListOf<StockLevel>>, Refused> {
    let list = List::new(&platform, &scope, "inventory", &filters);
    let query = StockQuery {
        product_id: filters.product_id,
        low: filters.low,
        after: list.after(&paging)?,
        limit: paging.limit()?,
    };
    Ok(list.page(platform.stock().list(&scope, &query).await?))
}

/// How much of a variant there is
#[utoipa::path(
    get, path = "/api/inventory/{id}", tag = "inventory", operation_id = "find_stock_level", params(("id" = VariantId, Path)),
    responses((status = 200, body = StockLevel)),
)]
pub(super) async fn find(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Id(id): Id<VariantId>,
) -> Result<Json<StockLevel>, Refused> {
    Ok(Json(platform.stock().find(&scope, id).await?))
}

/// Sets what there is of a variant, whatever it was
#[utoipa::path(
    put, path = "/api/inventory/{id}", tag = "inventory", operation_id = "replace_stock_level", params(("id" = VariantId, Path)),
    request_body = StockDraft, responses((status = 200, body = StockLevel)),
)]
pub(super) async fn replace(Id(id): Id<VariantId>, change: Mutation) -> Result<Response, Refused> {
    if change.json()?.get("on_hand").is_none() {
        let message = "is required; null is for what is not counted";
        return Err(Refused::invalid("on_hand", message));
    }
    let draft: StockDraft = change.draft()?;
    let work = change.run(|tx| {
        async move { Ok(Answer::changed(&SqlStock::set_in(tx, id, &draft).await?)) }.boxed()
    });
    work.await
}

/// Changes some fields of a stock level, by a merge patch (RFC 7396)
#[utoipa::path(
    patch, path = "/api/inventory/{id}", tag = "inventory", operation_id = "patch_stock_level", params(("id" = VariantId, Path)),
    request_body(content = serde_json::Map<String, serde_json::Value>, content_type = "application/merge-patch+json"),
    responses((status = 200, body = StockLevel)),
)]
pub(super) async fn patch(Id(id): Id<VariantId>, change: Mutation) -> Result<Response, Refused> {
    let patch: Patch<StockDraft> = change.object()?;
    let work = change.run(|tx| {
        async move { Ok(Answer::changed(&SqlStock::patch_in(tx, id, &patch).await?)) }.boxed()
    });
    work.await
}

/// How many pieces have come, or gone.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(super) struct Adjustment {
    /// Negative when pieces have gone.
    quantity: i64,
}

/// Adds pieces to what there is, or takes some away
#[utoipa::path(
    post, path = "/api/inventory/{id}/adjustments", tag = "inventory", operation_id = "adjust_stock_level",
    params(("id" = VariantId, Path)), request_body = Adjustment,
    responses((status = 200, body = StockLevel)),
)]
pub(super) async fn adjust(Id(id): Id<VariantId>, change: Mutation) -> Result<Response, Refused> {
    let Adjustment { quantity } = change.object()?;
    let work = change.run(|tx| {
        async move {
            Ok(Answer::changed(
                &SqlStock::adjust_in(tx, id, quantity).await?,
            ))
        }
        .boxed()
    });
    work.await
}
