//! A commerce domain over tenant scopes.

pub mod catalog;
#[cfg(feature = "testing")]
pub mod contract;
pub mod customer;
mod error;
pub mod export;
#[cfg(feature = "testing")]
pub mod fixtures;
mod id;
pub mod import;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod journal;
pub mod json;
pub mod media;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod migrations;
pub mod money;
pub mod order;
mod page;
mod patch;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
pub mod stock;

pub use crate::error::{Error, ErrorKind, Shortage};
pub use crate::id::InvalidId;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use crate::migrations::MIGRATIONS;
pub use crate::page::{Limit, Page};
pub use crate::patch::{Draft, Patch, ProductPatch};
