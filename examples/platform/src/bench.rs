//! Load tests of the platform: its own mix of requests, at shops made for it.

mod endpoints;
mod queries;
mod server;
mod shops;
mod steps;

pub(crate) use self::endpoints::Kind;
pub(crate) use self::queries::time_queries;
pub(crate) use self::server::{OwnServer, ServerLikeThis, config as server_config, serve};
pub(crate) use self::shops::{BenchShop, BenchShops};
pub(crate) use self::steps::Steps;
