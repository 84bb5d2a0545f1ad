//! What every answer says to browsers, whoever gave it.
//!
//! [`SecurityHeadersLayer`] stands outermost. It gives each answer the headers that keep browsers
//! from guessing types, being framed, leaking addresses or using devices, a
//! [Content-Security-Policy](csp), and `Strict-Transport-Security` where the client is known to come
//! over TLS; it takes away those that tell what the server is made of. Refusals of inner layers get
//! them as well, and so does a panic, which becomes a 500. A handler's own value of a header stays.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_security::PeekedBody;
//! use tenancy_security::csrf::CsrfLayer;
//! use tenancy_security::headers::SecurityHeadersLayer;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! type Body = Full<Bytes>;
//! let page = service_fn(async |_: Request<PeekedBody<Body>>| {
//!     let response = Response::builder().header("server", "shop/1.0");
//!     response.body(Body::from("welcome"))
//! });
//! let service = SecurityHeadersLayer::new().layer(CsrfLayer::new().layer(page));
//!
//! let admitted = service.clone().oneshot(Request::get("/").body(Body::default())?).await?;
//! assert_eq!(admitted.headers()["x-content-type-options"], "nosniff");
//! assert_eq!(admitted.headers().get("server"), None);
//!
//! let forged = Request::post("/").header("sec-fetch-site", "cross-site");
//! let refused = service.oneshot(forged.body(Body::default())?).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
//! # Ok(())
//! # }
//! ```

mod cache;
pub mod csp;
mod finish;
mod future;
mod hsts;
mod identifying;
mod layer;
mod removed;
mod safe;
mod service;

pub use self::future::ResponseFuture;
pub use self::hsts::Hsts;
pub use self::layer::SecurityHeadersLayer;
pub use self::service::SecurityHeaders;
