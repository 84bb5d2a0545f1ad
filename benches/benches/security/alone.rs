//! Each layer by itself, around an answer with the same bytes.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;

use axum::{Extension, Router};
use ipnet::IpNet;
use tenancy_benches::clients::Clients;
use tenancy_benches::{Report, paired};
use tenancy_core::client_address::{
    ClientAddress, ClientAddressLayer, PeerAddress, TrustedProxies,
};
use tenancy_security::block::{Block, BlockLayer, BlockList};
use tenancy_security::cors::CorsLayer;
use tenancy_security::csrf::CsrfLayer;
use tenancy_security::headers::SecurityHeadersLayer;
use tenancy_security::load_shed::{LoadShedLayer, LoadShedder};
use tenancy_security::origin::Origins;
use tenancy_security::rate_limit::Quota;
use tenancy_security::stack::address_limit;
use tenancy_security::threat::ThreatLayer;

use super::whole;

/// What stands around the service, and what is said of it.
const LAYERS: [(&str, &str); 8] = [
    ("headers", "headers"),
    ("client-address", "the client's address"),
    ("blocks", "10,000 blocks"),
    ("rate-limit", "a rate limit"),
    ("cors", "CORS"),
    ("load-shed", "places"),
    ("threat", "the threat check"),
    ("csrf", "CSRF"),
];

/// None of them.
const NOTHING: &str = "nothing";

const CLIENTS: usize = 8;
const ROUNDS: usize = 11;
const REQUESTS: usize = 1_600;

/// Each against a service that has the client's address in its requests as well.
pub(crate) async fn measure(
    report: &mut Report,
    request: &str,
    body: &[u8],
) -> Result<(), Box<dyn Error>> {
    let (_bare, address) = whole::start(NOTHING, body).await?;
    let mut bare = Clients::connect(CLIENTS, address, request)?;
    for (how, what) in LAYERS {
        let (_server, address) = whole::start(how, body).await?;
        let mut ours = Clients::connect(CLIENTS, address, request)?;
        let name = format!("the bytes of a product list, through {what} alone");
        let row = paired(
            &name,
            None,
            (ROUNDS, REQUESTS),
            async |requests| ours.ask(requests),
            async |requests| bare.ask(requests),
        );
        report.row(row.await);
    }
    Ok(())
}

/// The service behind one layer with its defaults, which refuses nothing.
pub(crate) fn behind(how: &str, app: Router) -> Result<Router, Box<dyn Error>> {
    let proxies = || TrustedProxies::networks(["10.0.0.0/8".parse().expect("it is a network")]);
    let app = match how {
        "headers" => app.layer(SecurityHeadersLayer::new()),
        "client-address" => app.layer(ClientAddressLayer::new(proxies())),
        "blocks" => app.layer(BlockLayer::new(&blocks()?)),
        "rate-limit" => app.layer(address_limit(Quota::per_second(100_000_000))),
        "cors" => app.layer(CorsLayer::new(Origins::new())),
        "load-shed" => {
            let places = NonZeroUsize::new(1024).ok_or("zero")?;
            app.layer(LoadShedLayer::new(&LoadShedder::new(places)))
        }
        "threat" => app.layer(ThreatLayer::new()),
        "csrf" => app.layer(CsrfLayer::new()),
        NOTHING => app,
        _ => return Err(format!("there is no layer {how}").into()),
    };
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let app = app.layer(Extension(ClientAddress(address)));
    Ok(app.layer(Extension(PeerAddress(address))))
}

/// Strangers, none of whom asks.
fn blocks() -> Result<BlockList, Box<dyn Error>> {
    let list = BlockList::default();
    for number in 0..10_000 {
        let address = Ipv4Addr::from_bits(0x0a00_0000 + number);
        list.put(Block::new(IpNet::from(IpAddr::V4(address)), "elsewhere"))?;
    }
    Ok(list)
}
