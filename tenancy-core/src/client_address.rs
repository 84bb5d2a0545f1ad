//! Who a request comes from, seen through proxies of one's own.
//!
//! A client can write whatever it likes into `X-Forwarded-For` and `Forwarded` (RFC 7239). Only
//! what a trusted proxy appended counts: [`TrustedProxies`] walks from the right, from the peer of
//! the connection outward, and stops at the first address that is no proxy of ours. It reads the one
//! header that the proxies write ([`ProxyHeader`]), since they pass the other on as the client wrote it.
//!
//! ```
//! use http::{HeaderMap, HeaderValue};
//! use tenancy_core::client_address::TrustedProxies;
//!
//! let proxies = TrustedProxies::networks(["10.0.0.0/8".parse().unwrap()]);
//! let mut headers = HeaderMap::new();
//! headers.insert("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 203.0.113.7"));
//! let peer = "10.0.0.2".parse().unwrap();
//! assert_eq!(proxies.client_address(peer, &headers).to_string(), "203.0.113.7");
//!
//! // The same header from a stranger says nothing.
//! let stranger = "198.51.100.1".parse().unwrap();
//! assert_eq!(proxies.client_address(stranger, &headers), stranger);
//! ```

mod forwarded;
mod layer;
mod proxies;

use std::net::IpAddr;

pub use self::layer::{ClientAddressLayer, ClientAddressService};
pub use self::proxies::{ProxyHeader, TrustedProxies};

/// The address at the other end of the connection. The server puts it into the extensions of
/// each request; under axum, `ConnectInfo<SocketAddr>` serves as well (feature `axum`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PeerAddress(pub IpAddr);

/// The client's address as [`TrustedProxies`] tell it, in the extensions of requests behind a
/// [`ClientAddressLayer`] or a [`TenantLayer`](crate::layer::TenantLayer).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ClientAddress(pub IpAddr);

/// The peer that the server noted in a request's extensions, for layers that weigh what it says.
pub fn peer(extensions: &http::Extensions) -> Option<IpAddr> {
    let noted = extensions.get().map(|PeerAddress(address)| *address);
    #[cfg(feature = "axum")]
    let noted = noted.or_else(|| {
        use std::net::SocketAddr;

        use axum::extract::ConnectInfo;

        let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(address.ip())
    });
    noted.map(|address| address.to_canonical())
}
