//! The pages over HTTP: what each address of a shop and of the platform shows.

mod admin;
mod answer;
mod asker;
mod compress;
mod console;
mod landing;
mod media;
mod metrics;
mod refuse;
mod shop;
mod sign_in;
mod trace;
mod view;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::RETRY_AFTER;
use tenancy_core::layer::TenantLayer;
use tenancy_core::resolve::Sources;
use tenancy_observability::layer::PerformanceLayer;
use tenancy_security::stack::SecurityStack;
use tokio::time::timeout;

use self::answer::FrontDoor;
use crate::api;
use crate::config::Config;
use crate::defence::{self, REPORT_PATH, name_sources};
use crate::edge::mark;
use crate::failure::Failure;
use crate::logging;
use crate::pages::asset;
use crate::pictures;
use crate::platform::Platform;
use crate::sign_in::SignIn;

/// Everything that the server answers.
pub(crate) fn app(platform: &Platform, stack: &SecurityStack) -> Router {
    let config = platform.config();
    let sources = Sources::new()
        .subdomains_of(config.base_domain())
        .custom_domains()
        .forwarded_host();
    let tenants = TenantLayer::new(platform.tenants(), sources)
        .admit_platform()
        .authenticate(SignIn(platform.clone()));
    let shops = Router::new()
        .route("/", get(shop::front))
        .route("/products", get(shop::list))
        .route("/products/{slug}", get(shop::product))
        .route("/categories", get(shop::categories))
        .route("/categories/{slug}", get(shop::category))
        .route_layer(middleware::from_fn_with_state(platform.clone(), mark))
        .route_layer(middleware::from_fn_with_state(
            platform.clone(),
            name_sources,
        ))
        .route("/login", get(sign_in::page).post(sign_in::enter))
        .route("/logout", post(sign_in::leave))
        .route("/admin", get(admin::page))
        .route("/platform", get(console::page))
        .route("/media/{id}/{name}", get(media::serve))
        .merge(api::routes(platform))
        .fallback(refuse::not_found)
        .layer(stack.inside())
        .layer(stack.tenants(tenants));
    Router::new()
        .merge(shops)
        // Drawn from their names alone, and shown on the pages for hosts that nobody has.
        .route("/assets/{file}", get(asset::serve))
        .route("/pictures/{file}", get(pictures::serve))
        .route_service(REPORT_PATH, defence::reports())
        .route("/livez", get(StatusCode::OK))
        .route("/metrics", get(metrics::show))
        .route("/readyz", get(ready))
        .with_state(platform.clone())
}

/// How long the database may take to answer `/readyz`; whoever watches gives up soon after.
const READY_WITHIN: Duration = Duration::from_secs(1);

/// Whether the server can do its work: the database answers.
async fn ready(State(platform): State<Platform>) -> Response {
    let failure = match timeout(READY_WITHIN, platform.check()).await {
        Ok(Ok(())) => return StatusCode::OK.into_response(),
        Ok(Err(failure)) => failure,
        Err(elapsed) => Failure::from(elapsed).context("the database does not answer"),
    };
    if let Some(left_out) = logging::admit(true) {
        tracing::warn!(%failure, left_out, "not ready");
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")]).into_response()
}

/// The outermost layers: what refuses inside them is put into words, and every response gets the
/// headers that keep browsers from harm.
pub(crate) fn finish(
    app: Router,
    config: &Config,
    stack: &SecurityStack,
    measured: Option<&PerformanceLayer>,
) -> Router {
    let app = app
        .layer(stack.gate())
        .layer(middleware::from_fn_with_state(
            FrontDoor::of(config),
            answer::answer,
        ))
        .layer(compress::layer())
        .layer(stack.outermost());
    // Measured is what clients get, panics and refusals among it.
    let app = match measured {
        Some(layer) => app.layer(layer.clone()),
        None => app,
    };
    app.layer(middleware::from_fn(trace::trace))
}
