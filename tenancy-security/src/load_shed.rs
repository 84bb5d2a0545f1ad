//! So many requests at a time, shared out among tenants.
//!
//! A server that takes on more than it can do serves nobody. A [`LoadShedder`] has a number of
//! places; a [`LoadShedLayer`] takes one for each request, and refuses at once where there is none.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_security::load_shed::{LoadShedLayer, LoadShedder};
//! use tower::{Layer, Service, ServiceExt, service_fn};
//!
//! let shedder = LoadShedder::builder(1.try_into()?).reserve(0).build();
//! let mut service = LoadShedLayer::new(&shedder).layer(service_fn(async |_: Request<()>| {
//!     tokio::task::yield_now().await;
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<bytes::Bytes>::default()))
//! }));
//!
//! let one = service.ready().await?.call(Request::default());
//! let other = service.ready().await?.call(Request::default()).await?;
//! assert_eq!(other.status(), StatusCode::SERVICE_UNAVAILABLE);
//! assert_eq!(one.await?.status(), StatusCode::OK);
//! # Ok(())
//! # }
//! ```
//!
//! # Who is refused
//! - Whoever comes when all places are taken: 503. A share of them is kept for critical requests,
//!   such as signing in or paying; see [`LoadShedLayer::critical`].
//! - A tenant that has its fair share already, while more than half of the places are taken: 503.
//!   A fair share is what each tenant with a request under way would have if the places were
//!   divided. So one tenant's rush fills the idle places and not those of others.
//! - A tenant that has as many as one tenant may at any time, if that is limited
//!   ([`LoadShedderBuilder::tenant_max`]): 429.
//!
//! A request has its place until there is a response, or until it is dropped. The response's body is not
//! waited for: as long as a client takes to read it, he would hold places that cost him nothing, and two who
//! read slowly enough could close a shop. What bounds readers is the server's: how many connections a client
//! has, and how long a write may wait. A handler whose body goes on working takes a [`Place`] of its own
//! ([`LoadShedder::admit`]) and keeps it in that body.
//!
//! What requests without a tenant have is counted as one tenant's.

mod layer;
mod service;
mod shedder;

pub use self::layer::LoadShedLayer;
pub use self::service::LoadShedService;
pub use self::shedder::{LoadShedder, LoadShedderBuilder, Overload, Place};
