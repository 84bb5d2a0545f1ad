use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use tenancy_commerce::Patch;
use tenancy_commerce::customer::{
    Customer, CustomerDraft, CustomerId, CustomerQuery, Customers as _, SqlCustomers,
};
use tenancy_core::json::Json;
use utoipa::IntoParams;

use super::{Answer, Id, List, ListOf, Mutation, Paging, Params, Refused, Staff};
use crate::platform::Platform;

/// Which customers.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// Words that their name, address or number holds.
    q: Option<String>,
}

/// The customers of the shop, the newest first
#[utoipa::path(
    get, path = "/api/customers", tag = "customers", operation_id = "list_customers", params(Paging, Filters),
    responses((status = 200, body = ListOf<Customer>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Params(paging): Params<Paging>,
    Params(filters): Params<Filters>,
) -> Result<Json<ListOf<Customer>>, Refused> {
    let list = List::new(&platform, &scope, "customers", &filters);
    let query = CustomerQuery {
        after: list.after(&paging)?,
        limit: paging.limit()?,
        q: filters.q,
    };
    Ok(list.page(platform.customers().list(&scope, &query).await?))
}

/// A customer
#[utoipa::path(
    get, path = "/api/customers/{id}", tag = "customers", operation_id = "find_customer", params(("id" = CustomerId, Path)),
    responses((status = 200, body = Customer)),
)]
pub(super) async fn find(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Id(id): Id<CustomerId>,
) -> Result<Json<Customer>, Refused> {
    Ok(Json(platform.customers().find(&scope, id).await?))
}

/// Adds a customer
#[utoipa::path(
    post, path = "/api/customers", tag = "customers", operation_id = "insert_customer", request_body = CustomerDraft,
    responses((status = 201, body = Customer)),
)]
pub(super) async fn insert(change: Mutation) -> Result<Response, Refused> {
    let draft: CustomerDraft = change.draft()?;
    let work = change.run(|tx| {
        async move {
            let customer = SqlCustomers::insert_in(tx, &draft).await?;
            let location = format!("/api/customers/{}", customer.id);
            Ok(Answer::created(location, &customer))
        }
        .boxed()
    });
    work.await
}

/// Makes a customer be as the body says
#[utoipa::path(
    put, path = "/api/customers/{id}", tag = "customers", operation_id = "replace_customer", params(("id" = CustomerId, Path)),
    request_body = CustomerDraft, responses((status = 200, body = Customer)),
)]
pub(super) async fn replace(Id(id): Id<CustomerId>, change: Mutation) -> Result<Response, Refused> {
    let draft: CustomerDraft = change.draft()?;
    let work = change.run(|tx| {
        async move {
            Ok(Answer::changed(
                &SqlCustomers::replace_in(tx, id, &draft).await?,
            ))
        }
        .boxed()
    });
    work.await
}

/// Changes some fields of a customer, by a merge patch (RFC 7396)
#[utoipa::path(
    patch, path = "/api/customers/{id}", tag = "customers", operation_id = "patch_customer", params(("id" = CustomerId, Path)),
    request_body(content = serde_json::Map<String, serde_json::Value>, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Customer)),
)]
pub(super) async fn patch(Id(id): Id<CustomerId>, change: Mutation) -> Result<Response, Refused> {
    let patch: Patch<CustomerDraft> = change.object()?;
    let work = change.run(|tx| {
        async move {
            Ok(Answer::changed(
                &SqlCustomers::patch_in(tx, id, &patch).await?,
            ))
        }
        .boxed()
    });
    work.await
}

/// Deletes a customer; their orders stay
#[utoipa::path(
    delete, path = "/api/customers/{id}", tag = "customers", operation_id = "delete_customer", params(("id" = CustomerId, Path)),
    responses((status = 204)),
)]
pub(super) async fn delete(Id(id): Id<CustomerId>, change: Mutation) -> Result<Response, Refused> {
    let work = change.run(|tx| {
        async move {
            SqlCustomers::delete_in(tx, id).await?;
            Ok(Answer::deleted())
        }
        .boxed()
    });
    work.await
}
