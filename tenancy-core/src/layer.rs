//! The layer that gives each request its tenant.
//!
//! [`TenantLayer`] resolves once, gates by the tenant's state, asks [`Authenticate`] who sends the
//! request, and puts a [`TenantScope`](crate::TenantScope) into the request's extensions. Nobody
//! after it asks "which tenant?" again. It works under everything that speaks
//! [`tower_service::Service`] over [`http::Request`]: axum, tonic, plain hyper.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_core::layer::TenantLayer;
//! use tenancy_core::registry::InMemoryTenants;
//! use tenancy_core::resolve::Sources;
//! use tenancy_core::{Tenant, TenantId, TenantScope, Tenants};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let registry = InMemoryTenants::default();
//! registry.add(&Tenant::new(TenantId::generate(), "acme".parse()?))?;
//! let sources = Sources::new().subdomains_of("shops.example".parse()?);
//!
//! let service = TenantLayer::new(&Tenants::new(registry), sources).layer(service_fn(
//!     async |request: Request<()>| {
//!         let scope: &TenantScope = request.extensions().get().expect("the layer put it there");
//!         let name = scope.tenant().name.to_string();
//!         Ok::<_, std::convert::Infallible>(Response::new(Full::<bytes::Bytes>::from(name)))
//!     },
//! ));
//!
//! let request = |host| Request::get("/").header("host", host).body(());
//! let admitted = service.clone().oneshot(request("acme.shops.example")?).await?;
//! assert_eq!(admitted.status(), StatusCode::OK);
//! let refused = service.oneshot(request("nobody.shops.example")?).await?;
//! assert_eq!(refused.status(), StatusCode::NOT_FOUND);
//! # Ok(())
//! # }
//! ```
//!
//! Refusals, with the reason as a [`Refusal`] in the response's extensions: an unknown tenant 404,
//! suspended 403, archived 410, being set up or in maintenance 503 with `Retry-After`, two sources
//! that disagree 400, no readable `Host` 400, a credential that is not valid for this tenant 401, and 503 when the
//! registry cannot be reached and the tenant is not known.

mod authenticate;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod refusal;
mod request;
mod service;
mod tenant_layer;

pub use self::authenticate::{Authenticate, Caller, Visitors};
#[cfg(feature = "axum")]
pub use self::extract::NoTenant;
pub use self::future::ResponseFuture;
pub use self::refusal::Refusal;
pub use self::request::{OnPlatform, RequestId, RequestSlot};
pub use self::service::TenantService;
pub use self::tenant_layer::TenantLayer;
