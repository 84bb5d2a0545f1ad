//! The pages over HTTP: what each address of a shop and of the platform shows.

mod refuse;
mod shop;
mod view;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use http::header::{self, HeaderValue};
use tenancy_core::client_address::TrustedProxies;
use tenancy_core::layer::TenantLayer;
use tenancy_core::resolve::Sources;

use crate::api;
use crate::pages::{CONTENT_SECURITY_POLICY, asset};
use crate::pictures;
use crate::platform::Platform;
use crate::sign_in::SignInByKey;

/// Everything that the server answers.
pub(crate) fn app(platform: &Platform) -> Router {
    let config = platform.config();
    let sources = Sources::new()
        .subdomains_of(config.base_domain())
        .custom_domains()
        .forwarded_host();
    let networks = config.trusted_proxies.networks().iter().copied();
    let tenants = TenantLayer::new(platform.tenants(), sources)
        .admit_platform()
        .trusted_proxies(TrustedProxies::networks(networks))
        .authenticate(SignInByKey(platform.known_keys().clone()))
        .refuse(refuse::refuse);
    let (api, description) = api::routes();
    let shops = Router::new()
        .route("/", get(shop::front))
        .route("/products", get(shop::list))
        .route("/products/{slug}", get(shop::product))
        .route("/categories", get(shop::categories))
        .route("/categories/{slug}", get(shop::category))
        .merge(api)
        .fallback(refuse::not_found)
        .layer(tenants);
    Router::new()
        .merge(shops)
        .merge(description)
        .route("/assets/{file}", get(asset::serve))
        .route("/pictures/{file}", get(pictures::serve))
        .route("/livez", get(StatusCode::OK))
        .route("/readyz", get(ready))
        .layer(middleware::from_fn(harden))
        .with_state(platform.clone())
}

/// Whether the server can do its work: the database answers.
async fn ready(State(platform): State<Platform>) -> StatusCode {
    match platform.check().await {
        Ok(()) => StatusCode::OK,
        Err(failure) => {
            tracing::warn!(%failure, "not ready");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Adds the headers that every response carries unless it has stricter ones of its own.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
