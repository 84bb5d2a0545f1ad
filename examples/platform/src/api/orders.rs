use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use tenancy_commerce::customer::CustomerId;
use tenancy_commerce::order::{
    NewOrder, Order, OrderId, OrderQuery, OrderStatus, Orders as _, SqlOrders,
};
use tenancy_core::json::Json;
use tenancy_core::time::Time;
use utoipa::{IntoParams, ToSchema};

use super::{Answer, Id, List, ListOf, Mutation, Paging, Params, Refused, Staff};
use crate::platform::Platform;

/// Which orders.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    #[param(inline)]
    status: Option<OrderStatus>,
    customer_id: Option<CustomerId>,
    /// Only those placed then or later.
    #[param(value_type = Option<String>, format = DateTime)]
    placed_from: Option<Time>,
    /// Only those placed before.
    #[param(value_type = Option<String>, format = DateTime)]
    placed_before: Option<Time>,
}

/// The orders of the shop, the newest first
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", operation_id = "list_orders", params(Paging, Filters),
    responses((status = 200, body = ListOf<Order>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Params(paging): Params<Paging>,
    Params(filters): Params<Filters>,
) -> Result<Json<ListOf<Order>>, Refused> {
    let list = List::new(&platform, &scope, "orders", &filters);
    let query = OrderQuery {
        status: filters.status,
        customer_id: filters.customer_id,
        placed_from: filters.placed_from,
        placed_before: filters.placed_before,
        after: list.after(&paging)?,
        limit: paging.limit()?,
    };
    Ok(list.page(platform.orders().list(&scope, &query).await?))
}

/// An order
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "orders", operation_id = "find_order", params(("id" = OrderId, Path)),
    responses((status = 200, body = Order)),
)]
pub(super) async fn find(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Id(id): Id<OrderId>,
) -> Result<Json<Order>, Refused> {
    Ok(Json(platform.orders().find(&scope, id).await?))
}

/// Places an order and takes its pieces from the stock, all of it or nothing
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", operation_id = "place_order", request_body = NewOrder,
    responses((status = 201, body = Order)),
)]
pub(super) async fn place(change: Mutation) -> Result<Response, Refused> {
    let new: NewOrder = change.draft()?;
    let work = change.run(|tx| {
        async move {
            let order = SqlOrders::place_in(tx, &new).await?;
            Ok(Answer::created(format!("/api/orders/{}", order.id), &order))
        }
        .boxed()
    });
    work.await
}

/// What an order is to become.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub(super) struct Transition {
    to: Target,
}

/// The states that an order can be brought into.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Target {
    /// Its pieces go back to the stock.
    Cancelled,
}

/// Brings an order into another state
#[utoipa::path(
    post, path = "/api/orders/{id}/transitions", tag = "orders", operation_id = "transition_order", params(("id" = OrderId, Path)),
    request_body = Transition, responses((status = 200, body = Order)),
)]
pub(super) async fn transition(Id(id): Id<OrderId>, change: Mutation) -> Result<Response, Refused> {
    let Transition {
        to: Target::Cancelled,
    } = change.object()?;
    let work = change
        .run(|tx| async move { Ok(Answer::changed(&SqlOrders::cancel_in(tx, id).await?)) }.boxed());
    work.await
}
