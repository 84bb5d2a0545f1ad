use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderValue;
use http::uri::{Scheme, Uri};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::tls::{Trust, addresses};

/// A server to send requests to, found.
#[derive(Clone, Debug)]
pub struct Target {
    url: String,
    host: HeaderValue,
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
}

/// How a target is spoken to over TLS.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    /// Whom its certificate has to be of.
    pub(crate) name: ServerName<'static>,
    pub(crate) config: Arc<ClientConfig>,
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
         somebody else's server is an attack on it; of your own, say --i-own-this"
    )]
    Public {
        /// The target.
        url: String,
        /// Where it is.
        address: IpAddr,
    },
    /// It is not over TLS, and so has no certificate to be trusted or not.
    #[error("{0} is not over TLS, so there is no certificate to look at")]
    Plain(String),
    /// It is no address of a server.
    #[error("{0} is no address like http://127.0.0.1:8080")]
    Unreadable(String),
    /// A certificate that nobody looks at says nothing of a server elsewhere.
    #[error(
        "{url} is at {address}, and only on this machine a certificate may be left unlooked at"
    )]
    Unsecured {
        /// The target.
        url: String,
        /// Where it is.
        address: IpAddr,
    },
    /// The authorities' certificates cannot be read.
    #[error("the certificates of the authorities to trust cannot be read")]
    Untrusting(#[source] Box<dyn Error + Send + Sync>),
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
    /// Looks up a server by an address like `http://127.0.0.1:8080`; of one over TLS the authorities are
    /// trusted that this machine trusts. Every name under `localhost` is this machine, whatever its
    /// resolver says.
    ///
    /// # Errors
    /// Each of [`InvalidTarget`]. No request has been sent then.
    pub async fn find(url: &str, reach: Reach) -> Result<Self, InvalidTarget> {
        Self::find_trusting(url, reach, &Trust::System).await
    }

    /// Looks up a server, and says whom to trust of one over TLS. Its certificate has to be of the name
    /// in the address, whatever hosts the requests name.
    ///
    /// # Errors
    /// Each of [`InvalidTarget`]. No request has been sent then.
    pub async fn find_trusting(
        url: &str,
        reach: Reach,
        trust: &Trust,
    ) -> Result<Self, InvalidTarget> {
        let unreadable = || InvalidTarget::Unreadable(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| unreadable())?;
        let authority = uri.authority().ok_or_else(unreadable)?;
        let default_port = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => 443,
            Some(scheme) if *scheme == Scheme::HTTP && *trust == Trust::System => 80,
            Some(scheme) if *scheme == Scheme::HTTP => {
                return Err(InvalidTarget::Plain(url.to_owned()));
            }
            Some(_) | None => return Err(unreadable()),
        };
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !is_bare || authority.as_str().contains('@') {
            return Err(unreadable());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(default_port);
        let addresses = addresses(host, port).await;
        let addresses = addresses.map_err(|source| InvalidTarget::NotFound {
            host: host.to_owned(),
            source,
        })?;
        let outside = |is_within: fn(IpAddr) -> bool| {
            let mut addresses = addresses.iter().map(SocketAddr::ip);
            addresses.find(|ip| !is_within(*ip))
        };
        if let (Some(address), Reach::Private) = (outside(is_private), reach) {
            let url = url.to_owned();
            return Err(InvalidTarget::Public { url, address });
        }
        let is_here = |ip: IpAddr| ip.to_canonical().is_loopback();
        if let (Some(address), Trust::Insecure) = (outside(is_here), trust) {
            let url = url.to_owned();
            return Err(InvalidTarget::Unsecured { url, address });
        }
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => Some(Tls {
                name: ServerName::try_from(host.to_owned()).map_err(|_| unreadable())?,
                config: Arc::new(trust.client().map_err(InvalidTarget::Untrusting)?),
            }),
            Some(_) | None => None,
        };
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| unreadable())?,
            addresses,
            tls,
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

    /// `None` where it is spoken to in the clear.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }
}

impl Tls {
    /// The same, which offers a choice of HTTP/2 and HTTP/1.1, or only the former.
    pub(crate) fn offering(&self, http2_only: bool) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = vec![b"h2".to_vec()];
        if !http2_only {
            config.alpn_protocols.push(b"http/1.1".to_vec());
        }
        Self {
            name: self.name.clone(),
            config: Arc::new(config),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
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
