//! A cache for servers with many tenants.
//!
//! A [`Cache`] keeps values that took time to make. [`Cache::tenant`] opens the entries of one
//! tenant, and needs that tenant's scope: there is no other way to a key, so one tenant's values are
//! never another's.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tenancy_cache::class::PRODUCT_LISTS;
//! use tenancy_cache::{Cache, Flush, Key, Tag};
//! use tenancy_core::registry::InMemoryTenants;
//! use tenancy_core::{Actor, Purpose, Tenant, TenantId, Tenants};
//!
//! let registry = InMemoryTenants::default();
//! let acme = registry.add(&Tenant::new(TenantId::generate(), "acme".parse()?))?;
//! let tenants = Tenants::new(registry);
//! let cache = Cache::new(&tenants);
//!
//! let scope = tenants.scope(acme.id, Actor::anonymous(), Purpose::Request).await?;
//! let shop = cache.tenant(&scope)?;
//! let tags = [Tag::new("product")];
//! let names = shop
//!     .remember(&PRODUCT_LISTS, Key::new("names").part(1), &tags, || async {
//!         Ok::<_, std::io::Error>(vec!["bell".to_owned(), "pump".to_owned()])
//!     })
//!     .await?;
//! assert_eq!(*names, ["bell", "pump"]);
//!
//! shop.flush_tag("product", Flush::Hard).await?;
//! assert!(shop.get::<Vec<String>>(&PRODUCT_LISTS, Key::new("names").part(1)).await?.is_none());
//! # Ok(())
//! # }
//! ```
//!
//! # Feature flags
//! All off by default: `postgres` and `sqlite` let what is committed to tenancy-core's databases flush
//! the tags of what it changes, here and in other processes. `redis` shares entries and flushes
//! through Redis or Valkey; `testing` makes trouble for such a remote tier.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod analytics;
mod cache;
pub mod class;
mod clock;
mod entry;
mod error;
#[cfg(doctest)]
mod guides;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod journal;
mod key;
mod load;
mod many;
pub mod metrics;
pub mod remote;
mod shelf;
mod temporary;
mod tenant_cache;
#[cfg(feature = "testing")]
pub mod testing;
mod usage;
mod version;
mod weight;
mod why;

pub use crate::cache::{Cache, CacheBuilder, PlatformCache};
pub use crate::error::{Error, ErrorKind};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use crate::journal::{Edge, EdgeFollower, FlushOrder, Flushed};
pub use crate::key::{Key, NAME_BYTES_MAX, Tag};
pub use crate::many::Wanted;
pub use crate::temporary::Temporary;
pub use crate::tenant_cache::{Cached, Match, TAGS_MAX, TenantCache};
pub use crate::usage::Usage;
pub use crate::version::Flush;
pub use crate::why::{Facts, Verdict, Why};
