//! Which other sites' scripts may read a tenant's answers.
//!
//! [`CorsLayer`] asks an [`AllowOrigin`](crate::origin::AllowOrigin) for each request of another
//! origin, with the tenant that the request belongs to. An origin that it does not allow gets the
//! answer that everybody would get without the layer, preflights included, so it learns nothing of who
//! is allowed. Either anybody may read, or listed origins may with credentials; both together cannot be
//! said.
//!
//! Its place is behind the [`TenantLayer`](tenancy_core::layer::TenantLayer) and before the layers
//! whose refusals scripts have to read. An origin that may read an answer may not change anything by
//! that: a [`CsrfLayer`](crate::csrf::CsrfLayer) asks its own `AllowOrigin`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tenancy_security::cors::CorsLayer;
//! use tenancy_security::origin::Origins;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let partners: Origins = ["https://partner.example".parse()?].into_iter().collect();
//! let stock = service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from("7")))
//! });
//! let service = CorsLayer::with_credentials(partners).layer(stock);
//!
//! let get = |origin| Request::get("/stock").header("origin", origin).body(());
//! let admitted = service.clone().oneshot(get("https://partner.example")?).await?;
//! assert_eq!(admitted.headers()["access-control-allow-origin"], "https://partner.example");
//! let refused = service.oneshot(get("https://evil.example")?).await?;
//! assert_eq!(refused.headers().get("access-control-allow-origin"), None);
//! # Ok(())
//! # }
//! ```

mod future;
mod grant;
mod layer;
mod service;

pub use self::future::ResponseFuture;
pub use self::layer::CorsLayer;
pub use self::service::Cors;
