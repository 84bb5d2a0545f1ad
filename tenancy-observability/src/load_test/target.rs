use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::HeaderValue;
use http::uri::{Scheme, Uri};

/// A server to send requests to, found.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    host: HeaderValue,
    addresses: Vec<SocketAddr>,
}

/// Why there is no [`Target`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTarget {
    /// The name leads nowhere.
    #[error("{host} cannot be found")]
    NotFound {
        /// The name.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// It is neither this machine nor in a private network.
    #[error(
        "{url} is at {address}, which is neither this machine nor a private network: a load test of \
         somebody else's server is an attack on it"
    )]
    Public {
        /// The target.
        url: String,
        /// Where it is.
        address: IpAddr,
    },
    /// TLS is not spoken.
    #[error(
        "{0} is over TLS, which is not measured here: name the server behind the proxy that ends it"
    )]
    Tls(String),
    /// It is no address of a server.
    #[error("{0} is no address like http://127.0.0.1:8080")]
    Unreadable(String),
}

/// Which targets may be sent requests to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reach {
    /// Any server: whoever chooses this owns it.
    Anywhere,
    /// This machine, and private networks.
    #[default]
    Private,
}

impl Target {
    /// Looks up a server by an address like `http://127.0.0.1:8080`. Every name under `localhost` is
    /// this machine, whatever its resolver says.
    ///
    /// # Errors
    /// Each of [`InvalidTarget`]. No request has been sent then.
    pub async fn find(url: &str, reach: Reach) -> Result<Self, InvalidTarget> {
        let unreadable = || InvalidTarget::Unreadable(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| unreadable())?;
        let authority = uri.authority().ok_or_else(unreadable)?;
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(InvalidTarget::Tls(url.to_owned()));
        }
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if uri.scheme() != Some(&Scheme::HTTP) || !is_bare || authority.as_str().contains('@') {
            return Err(unreadable());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(80);
        let addresses = addresses(host, port).await;
        let addresses = addresses.map_err(|source| InvalidTarget::NotFound {
            host: host.to_owned(),
            source,
        })?;
        let public = addresses
            .iter()
            .map(SocketAddr::ip)
            .find(|ip| !is_private(*ip));
        if let (Some(address), Reach::Private) = (public, reach) {
            let url = url.to_owned();
            return Err(InvalidTarget::Public { url, address });
        }
        Ok(Self {
            url: format!("http://{authority}"),
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| unreadable())?,
            addresses,
        })
    }

    /// What requests name as their host unless their caller does.
    pub(crate) fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// Where it is; at least one.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
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

/// Whether an address is this machine's or a private network's.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

#[cfg(test)]
mod tests;
