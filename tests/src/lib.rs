//! Starts real servers for tests.
//!
//! [`Postgres`], [`Redis`] and [`RedisCluster`] are private servers that a test may also break; [`Server`] runs a
//! program of the workspace; `Browser`, with the feature `browser`, is a headless Chromium, and
//! `TlsProxy`, with `tls`, an nginx; `HttpReceiver` and `MailReceiver`, with `receivers`, take what a server
//! tells others. Each
//! listens on loopback only, works in a temporary folder, and is gone with its files however the
//! test process ends. Where a program is not installed, the
//! start fails with a sentence that says what to install, and the test with it.

mod account;
#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "tls")]
mod certificate;
mod error;
mod port;
pub mod postgres;
mod programs;
#[cfg(feature = "receivers")]
pub mod receivers;
pub mod redis;
#[cfg(feature = "sql")]
pub mod schema;
pub mod server;
mod shared;
#[cfg(feature = "shops")]
pub mod shops;
#[cfg(feature = "sql")]
pub mod statements;
mod supervise;
#[cfg(feature = "tls")]
pub mod tls_proxy;

#[cfg(feature = "browser")]
pub use crate::browser::Browser;
#[cfg(feature = "tls")]
pub use crate::certificate::TestCertificate;
pub use crate::error::StartError;
pub use crate::postgres::{Postgres, TestDatabase};
#[cfg(feature = "receivers")]
pub use crate::receivers::{HttpReceiver, MailReceiver};
pub use crate::redis::{Redis, RedisCluster};
#[cfg(feature = "sql")]
pub use crate::schema::Schema;
pub use crate::server::Server;
pub use crate::shared::{shared_corpus, shared_data};
#[cfg(feature = "sql")]
pub use crate::statements::Statements;
#[cfg(feature = "tls")]
pub use crate::tls_proxy::TlsProxy;
