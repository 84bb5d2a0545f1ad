//! A cached product list through everything that stands before it, and from nothing but axum.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use tenancy_benches::clients::Clients;
use tenancy_benches::{Report, paired};
use tenancy_tests::Server;
use tokio::net::TcpListener;

/// The first argument, by which this program becomes the baseline.
pub(crate) const PROGRAM: &str = "bare";

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
    let (_bare, address) = bare(ours.expected()).await?;
    let mut bare = Clients::connect(CLIENTS, address, &request)?;
    assert!(ours.expected() == bare.expected(), "not the same bytes");
    let row = paired(
        "cached product list over HTTP, through the whole stack",
        Some(1.67),
        (ROUNDS, REQUESTS),
        async |requests| ours.ask(requests),
        async |requests| bare.ask(requests),
    );
    report.row(row.await);
    Ok(())
}

/// Starts this program again as the baseline, which answers these bytes.
async fn bare(body: &[u8]) -> Result<(Server, SocketAddr), Box<dyn Error>> {
    let address = Server::free_address();
    let body = String::from_utf8(body.to_vec())?;
    let server = Server::builder(std::env::current_exe()?)
        .args([PROGRAM, &address.to_string(), &body])
        .ready_when_answering(address);
    Ok((server.start().await, address))
}

pub(crate) async fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [listen, body] = arguments else {
        return Err("usage: bare ADDRESS BODY".into());
    };
    let body = Bytes::copy_from_slice(body.as_bytes());
    let app = Router::new()
        .route(
            "/api/products",
            get(async move || ([(CONTENT_TYPE, "application/json")], body.clone())),
        )
        .route("/livez", get(StatusCode::OK));
    Ok(axum::serve(TcpListener::bind(listen).await?, app).await?)
}
