//! A cached product list through everything that stands before it, and from nothing but axum.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use tenancy_benches::clients::Clients;
use tenancy_benches::{Report, paired};
use tenancy_core::client_address::PeerAddress;
use tenancy_core::layer::TenantLayer;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, Tenants};
use tenancy_security::rate_limit::{Class, Policy, Quota, RateLimitLayer, RateLimiter, Rules};
use tenancy_security::stack::{SecurityStack, address_limit};
use tenancy_tests::Server;
use tokio::net::TcpListener;

use super::alone;

/// The first argument, by which this program becomes a server.
pub(crate) const PROGRAM: &str = "answer";

const BARE: &str = "bare";
const STACKED: &str = "stacked";

const CLIENTS: usize = 8;
const ROUNDS: usize = 21;
const REQUESTS: usize = 1_600;

/// Where a demonstration shop's products are.
const PATH: &str = "/api/products?limit=20";
const HOST: &str = "quillmoor.localhost";

/// Limits stay in force, and are so wide that they refuse nothing.
const LIMITS: [&str; 2] = ["TENANCY_LIMITS__ADDRESS", "TENANCY_LIMITS__API"];

pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    tenancy_benches::build("platform")?;
    let address = Server::free_address();
    let mut server = Server::builder(Server::built("platform"))
        .args(["--listen", &address.to_string()])
        .ready_when_answering(address);
    for limit in LIMITS {
        server = server.env(limit, "100000000/s");
    }
    let _server = server.start().await;
    let request = format!("GET {PATH} HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    let mut ours = Clients::connect(CLIENTS, address, &request)?;
    let (_bare, address) = start(BARE, ours.expected()).await?;
    let mut bare = Clients::connect(CLIENTS, address, &request)?;
    let (_stacked, address) = start(STACKED, ours.expected()).await?;
    let mut stacked = Clients::connect(CLIENTS, address, &request)?;
    for (name, ours, budget) in [
        (
            "the bytes of a product list, through the whole stack",
            &mut stacked,
            Some(1.67),
        ),
        (
            "the platform's cached product list, against its bytes alone",
            &mut ours,
            None,
        ),
    ] {
        assert!(ours.expected() == bare.expected(), "not the same bytes");
        let row = paired(
            name,
            budget,
            (ROUNDS, REQUESTS),
            async |requests| ours.ask(requests),
            async |requests| bare.ask(requests),
        );
        report.row(row.await);
    }
    alone::measure(report, &request, ours.expected()).await
}

/// Starts this program again as a server that answers these bytes.
pub(super) async fn start(how: &str, body: &[u8]) -> Result<(Server, SocketAddr), Box<dyn Error>> {
    let address = Server::free_address();
    let body = String::from_utf8(body.to_vec())?;
    let server = Server::builder(std::env::current_exe()?)
        .args([PROGRAM, how, &address.to_string(), &body])
        .ready_when_answering(address);
    Ok((server.start().await, address))
}

pub(crate) async fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [how, listen, body] = arguments else {
        return Err("usage: answer bare|stacked|LAYER ADDRESS BODY".into());
    };
    let body = Bytes::copy_from_slice(body.as_bytes());
    let app = Router::new().route(
        "/api/products",
        get(async move || ([(CONTENT_TYPE, "application/json")], body.clone())),
    );
    let app = match &**how {
        BARE => app,
        STACKED => behind_the_stack(app)?,
        layer => alone::behind(layer, app)?,
    };
    let app = app.route("/livez", get(StatusCode::OK));
    Ok(axum::serve(TcpListener::bind(listen).await?, app).await?)
}

/// All layers with their defaults, but for limits too wide to refuse anything.
fn behind_the_stack(app: Router) -> Result<Router, Box<dyn Error>> {
    let registry = InMemoryTenants::default();
    registry.add(&Tenant::new(TenantId::generate(), "quillmoor".parse()?))?;
    let sources = Sources::new().subdomains_of("localhost".parse()?);
    let tenants = TenantLayer::new(&Tenants::new(registry), sources);
    let wide = Quota::per_second(100_000_000);
    let class = Class::new("api")?.policy(Policy::new("api", wide)?);
    let limiter = RateLimiter::new(Rules::new(class));
    let stack = SecurityStack::new()
        .address_limit(|_| address_limit(wide))
        .limits(|_| RateLimitLayer::new(&limiter));
    let peer = PeerAddress(IpAddr::V4(Ipv4Addr::LOCALHOST));
    Ok(app.layer(stack.around(tenants)).layer(Extension(peer)))
}
