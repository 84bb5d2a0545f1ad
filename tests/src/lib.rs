//! Starts real servers for tests.

mod account;
mod error;
mod port;
pub mod postgres;
mod supervise;

pub use crate::error::StartError;
pub use crate::postgres::{Postgres, TestDatabase};
