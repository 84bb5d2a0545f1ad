//! Addresses and networks that are not served.
//!
//! A [`BlockList`] knows whom the platform does not serve at all, and whom a single tenant does not
//! serve; what is allowed wins over what is blocked. A [`BlockLayer`] refuses them. It looks a client
//! up in well under a microsecond, however long the list is.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_core::client_address::ClientAddress;
//! use tenancy_security::block::{Block, BlockLayer, BlockList};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let list = BlockList::default();
//! list.put(Block::new("203.0.113.0/24".parse()?, "scans for passwords"))?;
//! let service = BlockLayer::new(&list).layer(service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<bytes::Bytes>::default()))
//! }));
//! let request = |address: &str| {
//!     let mut request = Request::new(());
//!     let address = address.parse().unwrap();
//!     request.extensions_mut().insert(ClientAddress(address));
//!     request
//! };
//!
//! let admitted = service.clone().oneshot(request("192.0.2.1")).await?;
//! assert_eq!(admitted.status(), StatusCode::OK);
//! let refused = service.oneshot(request("203.0.113.9")).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```
//!
//! A list is in this process's memory; what is in it is for the application to keep and to tell other
//! processes, with [`BlockList::replace`]. What the server's own guards put there it learns by
//! [`BlockList::take_bans`].

mod entry;
mod layer;
mod list;
mod networks;
mod service;

pub use self::entry::{Block, Blocked, Effect};
pub use self::layer::BlockLayer;
pub use self::list::{BlockList, TooManyBlocks};
pub use self::service::BlockService;
