//! Defence for a server that was there before: no tenants, no database, no Redis.
//!
//! Run it with `cargo run -p embed-defence`, then type `curl -i http://127.0.0.1:3000` six times: each
//! answer says how many are left, and the sixth is 429. What another site makes a browser send is
//! refused: `curl -i -X POST -H 'Sec-Fetch-Site: cross-site' http://127.0.0.1:3000`. So is an attack:
//! `curl -i "http://127.0.0.1:3000/?q=%3Cscript%3Ealert(1)"`. Scripts of one other site may read what is
//! answered: `curl -i -H 'Origin: https://partner.example' http://127.0.0.1:3000`. Somebody on this machine is
//! kept out: `curl -i --interface 127.0.0.2 http://127.0.0.1:3000`.

use std::{env, error::Error, net::SocketAddr};

use axum::{Router, routing::get};
use tenancy_core::client_address::{ClientAddressLayer, TrustedProxies};
use tenancy_security::block::{Block, BlockLayer, BlockList};
use tenancy_security::cors::CorsLayer;
use tenancy_security::csrf::CsrfLayer;
use tenancy_security::headers::SecurityHeadersLayer;
use tenancy_security::load_shed::{LoadShedLayer, LoadShedder};
use tenancy_security::origin::Origins;
use tenancy_security::rate_limit::{Class, Policy, Quota, RateLimitLayer, RateLimiter, Rules};
use tenancy_security::threat::ThreatLayer;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let service = app()?.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

fn app() -> Result<Router, Box<dyn Error>> {
    let blocks = BlockList::default();
    blocks.put(Block::new("127.0.0.2/32".parse()?, "scans for passwords"))?;
    let partners = Origins::from_iter(["https://partner.example".parse()?]);
    let class = Class::new("api")?.policy(Policy::new("api", Quota::per_minute(5))?);
    let limiter = RateLimiter::new(Rules::new(class));

    // From the outside in: whatever is refused still gets the headers.
    let defence = ServiceBuilder::new()
        .layer(SecurityHeadersLayer::new())
        .layer(ClientAddressLayer::new(TrustedProxies::nobody()))
        .layer(BlockLayer::new(&blocks))
        .layer(CorsLayer::new(partners))
        .layer(LoadShedLayer::new(&LoadShedder::new(256.try_into()?)))
        .layer(RateLimitLayer::new(&limiter))
        .layer(ThreatLayer::new())
        .layer(CsrfLayer::new());
    Ok(Router::new()
        .route("/", get(greet).post(change))
        .layer(defence))
}

async fn greet() -> &'static str {
    "welcome"
}

async fn change() -> &'static str {
    "changed"
}
