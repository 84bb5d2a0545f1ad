//! Whom a program that asks a server over TLS trusts.

mod trust;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

pub use self::trust::Trust;

/// Where a server is. Every name under `localhost` is this machine, whatever its resolver says.
pub(crate) async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if host == "localhost" || host.ends_with(".localhost") {
        return Ok(vec![
            (Ipv4Addr::LOCALHOST, port).into(),
            (Ipv6Addr::LOCALHOST, port).into(),
        ]);
    }
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    }
    Ok(found)
}
