//! The shop's JSON interface and the operators', and their descriptions in OpenAPI.
//!
//! Anonymous callers read what is published; everything else needs staff. A [`Mutation`] is the
//! only way to a change: it takes the body, honours `Idempotency-Key`, and commits the change
//! with its answer.

mod account;
mod answer;
mod audit;
mod body;
mod categories;
mod customers;
mod id;
mod inventory;
mod list;
mod media;
mod mutation;
mod operators;
mod orders;
mod params;
mod products;
mod read;
mod refused;
mod reports;
mod specification;
mod staff;
mod upload;
mod watch;

use axum::Router;
use axum::middleware;
use axum::routing::{any, get};
use tenancy_core::problem::Problem;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::answer::Answer;
use self::id::Id;
use self::list::{List, ListOf, Paging};
use self::mutation::Mutation;
use self::params::Params;
pub(crate) use self::read::read_at;
use self::refused::Refused;
use self::specification::{SHOPS_REFUSALS, Specification};
use self::staff::{Staff, is_staff};
use crate::edge::mark;
use crate::platform::Platform;

/// The routes under `/api` and their description at `/openapi.json`, and those of operators, for behind the tenant
/// layer.
pub(crate) fn routes(platform: &Platform) -> Router<Platform> {
    let (shop, description) = OpenApiRouter::with_openapi(Specification::openapi())
        .routes(routes!(account::sign_in))
        .routes(routes!(account::sign_out))
        .routes(routes!(account::me))
        .routes(routes!(products::list, products::insert))
        .routes(routes!(
            products::find,
            products::replace,
            products::patch,
            products::delete
        ))
        .routes(routes!(categories::list, categories::insert))
        .routes(routes!(
            categories::find,
            categories::replace,
            categories::patch,
            categories::delete
        ))
        .routes(routes!(customers::list, customers::insert))
        .routes(routes!(
            customers::find,
            customers::replace,
            customers::patch,
            customers::delete
        ))
        .routes(routes!(orders::list, orders::place))
        .routes(routes!(orders::find))
        .routes(routes!(orders::transition))
        .routes(routes!(inventory::list))
        .routes(routes!(
            inventory::find,
            inventory::replace,
            inventory::patch
        ))
        .routes(routes!(inventory::adjust))
        .routes(routes!(media::list, media::insert))
        .routes(routes!(media::find, media::delete))
        .routes(routes!(audit::list))
        .routes(routes!(reports::performance))
        .routes(routes!(reports::slow_requests))
        .split_for_parts();
    let document = specification::document(description, &SHOPS_REFUSALS);
    shop.route_layer(middleware::from_fn_with_state(platform.clone(), mark))
        .route("/openapi.json", get(async move || document.clone()))
        .merge(operators::routes())
        .route("/api/{*rest}", any(unknown))
}

/// An address under `/api` that does not exist.
async fn unknown() -> Problem {
    Problem::new(http::StatusCode::NOT_FOUND).detail("nothing answers at this address")
}
