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

use std::convert::Infallible;
use std::future::ready;

use axum::Router;
use axum::extract::Request;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use tenancy_core::layer::TenantLayer;
use tenancy_core::resolve::Sources;
use tenancy_observability::health::HealthLayer;
use tenancy_observability::layer::PerformanceLayer;
use tenancy_security::stack::SecurityStack;
use tower::{Layer as _, service_fn};

use self::answer::FrontDoor;
use crate::api;
use crate::config::Config;
use crate::defence::{self, REPORT_PATH, name_sources};
use crate::edge::mark;
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
        .authenticate(SignIn::new(platform));
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
        .merge(console::routes())
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
        .route("/metrics", get(metrics::show))
        .with_state(platform.clone())
}

/// What is asked by those who watch the server, of whatever host.
fn probes(health: &HealthLayer) -> Router {
    let nowhere = service_fn(|_: Request| ready(Ok::<Response, Infallible>(Response::default())));
    let probes = health.layer(nowhere);
    let routes = ["/health", "/livez", "/readyz"].into_iter();
    routes.fold(Router::new(), |router, path| {
        router.route_service(path, probes.clone())
    })
}

/// The outermost layers: what refuses inside them is put into words, and every response gets the
/// headers that keep browsers from harm.
pub(crate) fn finish(
    app: Router,
    config: &Config,
    stack: &SecurityStack,
    measured: Option<&PerformanceLayer>,
    health: &HealthLayer,
) -> Router {
    let app = app
        .layer(stack.gate())
        .layer(middleware::from_fn_with_state(
            FrontDoor::of(config),
            answer::answer,
        ))
        .layer(compress::layer())
        // Nobody who watches is limited, blocked or sent elsewhere.
        .merge(probes(health))
        .layer(stack.outermost());
    // Measured is what clients get, panics and refusals among it.
    let app = match measured {
        Some(layer) => app.layer(layer.clone()),
        None => app,
    };
    app.layer(middleware::from_fn(trace::trace))
}
