//! Whether the layers stand where they work, told by the finished server itself.
//!
//! A layer in the wrong place compiles and does nothing: a limit that never sees the tenant, headers
//! inside of what refuses, a proxy list that believes everybody. [`diagnose`] sends two requests through
//! the whole service before it listens, has each layer on the way say what it sees, and reads the
//! answers. What is wrong comes out as [`Concern`]s, each with a code that does not change.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tenancy_core::client_address::{ClientAddressLayer, TrustedProxies};
//! use tenancy_security::block::{BlockLayer, BlockList};
//! use tenancy_security::diagnosis::diagnose;
//! use tenancy_security::headers::SecurityHeadersLayer;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let shop = service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
//! });
//! let everybody = TrustedProxies::networks(["0.0.0.0/0".parse()?]);
//! let service = BlockLayer::new(&BlockList::default()).layer(shop);
//! let service = ClientAddressLayer::new(everybody).layer(service);
//! let service = SecurityHeadersLayer::new().layer(service);
//!
//! let concerns = diagnose(service, || Request::new(())).await?;
//! assert_eq!(concerns.len(), 1);
//! assert_eq!(concerns[0].code(), "trusts-everybody");
//! # Ok(())
//! # }
//! ```

mod concern;
mod probe;
mod trail;

pub use self::concern::Concern;
pub use self::probe::diagnose;
pub(crate) use self::trail::{Part, note};
