//! Requests that another site makes a visitor's browser send.
//!
//! [`CsrfLayer`] lets a request that may change something through only where the browser says that
//! it comes from the site itself. It keeps the rules of Go's `CrossOriginProtection`, and stricter:
//!
//! - `GET`, `HEAD` and `OPTIONS` pass; they must change nothing. The handshake of a WebSocket does not
//!   pass for being a `GET`.
//! - `Sec-Fetch-Site` has to be `same-origin` or `none`. Tenants are each other's `same-site`, so that
//!   is refused like `cross-site` and like any value which is not known.
//! - Without it `Origin` has to be the host that the request is for. `null` never passes, which pages
//!   with `Referrer-Policy: no-referrer` send. `http://` does where the [scheme](CsrfLayer::scheme) is
//!   known to be HTTP or the host is a loopback one, so behind a proxy that ends TLS nobody's plain
//!   page posts to it.
//! - A browser too old for both must send a [token](CsrfLayer::tokens) with a session's cookie. It is
//!   looked for in the header `X-CSRF-Token`, then in the field `_csrf` of a form.
//!
//! Requests without either header and without a session are no browser's, or have nothing to lose:
//! those of API keys and webhooks pass. The host is the one in `Host` or `:authority`;
//! `X-Forwarded-Host` is not read.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_security::PeekedBody;
//! use tenancy_security::csrf::CsrfLayer;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! type Body = Full<Bytes>;
//! let pay = service_fn(async |_: Request<PeekedBody<Body>>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Body::from("paid")))
//! });
//! let service = CsrfLayer::new().exempt("/webhooks/".parse()?).layer(pay);
//!
//! let post = |site| {
//!     let request = Request::post("https://acme.example/pay").header("sec-fetch-site", site);
//!     request.body(Body::default())
//! };
//! let admitted = service.clone().oneshot(post("same-origin")?).await?;
//! assert_eq!(admitted.status(), StatusCode::OK);
//! let refused = service.oneshot(post("same-site")?).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```
//!
//! A refusal has its reason as a [`Refusal`] in the response's extensions.

mod exempt;
mod form;
mod layer;
mod proof;
mod refusal;
mod service;
mod session;
mod token;

pub use self::exempt::{ExemptPath, InvalidExemptPath};
pub use self::layer::CsrfLayer;
pub use self::refusal::Refusal;
pub use self::service::Csrf;
pub use self::session::{SessionCookie, SessionOf};
pub use self::token::{CsrfKey, CsrfToken};
