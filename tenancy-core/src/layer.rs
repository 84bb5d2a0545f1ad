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
//!
//! # Under tonic
//!
//! A call's `:authority` is its host, and [`GrpcStatus`](crate::problem::GrpcStatus) makes the
//! refusals statuses: `NOT_FOUND`, `PERMISSION_DENIED`, `FAILED_PRECONDITION`, `UNAVAILABLE` with
//! `retry-after` in the metadata, `INVALID_ARGUMENT`, `UNAUTHENTICATED`, in the order above. A method
//! finds the scope in its request's extensions.
//!
//! ```
//! # use tenancy_core::registry::InMemoryTenants;
//! use tenancy_core::layer::TenantLayer;
//! use tenancy_core::problem::GrpcStatus;
//! use tenancy_core::resolve::Sources;
//! use tenancy_core::{TenantScope, Tenants};
//! use tonic::transport::Server;
//! use tonic::{Request, Response, Status};
//!
//! async fn greet(request: Request<()>) -> Result<Response<String>, Status> {
//!     let scope: &TenantScope = request.extensions().get().expect("the layer put it there");
//!     Ok(Response::new(scope.tenant().name.to_string()))
//! }
//!
//! # fn server(services: tonic::service::Routes) -> Result<(), Box<dyn std::error::Error>> {
//! # let tenants = Tenants::new(InMemoryTenants::default());
//! let sources = Sources::new().subdomains_of("shops.example".parse()?);
//! let layer = TenantLayer::new(&tenants, sources).refuse(GrpcStatus);
//! let server = Server::builder().layer(layer).add_routes(services);
//! # drop((server.serve("127.0.0.1:0".parse()?), greet));
//! # Ok(())
//! # }
//! ```
//!
//! tonic keeps the peer to itself: where the client's address matters, an outer layer puts the address
//! of `TcpConnectInfo` into the extensions as [`PeerAddress`](crate::client_address::PeerAddress).

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
