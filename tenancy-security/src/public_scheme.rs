//! Whether a client's own connection is encrypted, by the word of those who can know.
//!
//! A server behind a proxy sees plain HTTP whatever the client speaks. [`PublicScheme`] takes it from
//! a trusted proxy, from the server's own TLS acceptor ([`OverTls`]) or from the operator, and never
//! from a stranger's header.

use http::uri::Scheme;
use http::{Extensions, HeaderMap};
use tenancy_core::client_address::{TrustedProxies, peer};

/// In the extensions of a request whose connection this server decrypted itself.
#[derive(Clone, Copy, Debug)]
pub struct OverTls;

/// How a layer learns whether clients come over TLS. By default by [`OverTls`] alone.
#[derive(Clone, Debug, Default)]
pub struct PublicScheme(Source);

#[derive(Clone, Debug)]
enum Source {
    Operator(Scheme),
    Told(TrustedProxies),
}

impl Default for Source {
    fn default() -> Self {
        Self::Told(TrustedProxies::nobody())
    }
}

impl PublicScheme {
    /// Every client comes over TLS: for a server that cannot be reached in another way.
    pub fn https() -> Self {
        Self(Source::Operator(Scheme::HTTPS))
    }

    /// No client comes over TLS: for a server on a network of its own.
    pub fn http() -> Self {
        Self(Source::Operator(Scheme::HTTP))
    }

    /// As these proxies say, in `X-Forwarded-Proto` or, where they write that, `Forwarded`. A request
    /// from elsewhere comes over TLS where it carries [`OverTls`].
    pub fn told_by(proxies: TrustedProxies) -> Self {
        Self(Source::Told(proxies))
    }

    /// Whether the operator said that every client comes over TLS.
    pub(crate) fn is_declared_https(&self) -> bool {
        matches!(&self.0, Source::Operator(scheme) if *scheme == Scheme::HTTPS)
    }

    /// The scheme of the client's connection, where it is known.
    pub fn of(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<Scheme> {
        let proxies = match &self.0 {
            Source::Operator(scheme) => return Some(scheme.clone()),
            Source::Told(proxies) => proxies,
        };
        match peer(extensions) {
            // A proxy that encrypts its own connection says nothing of the client's.
            Some(peer) if proxies.trusts(peer) => proxies.client_scheme(peer, headers),
            _ => extensions.get::<OverTls>().map(|OverTls| Scheme::HTTPS),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tenancy_core::client_address::PeerAddress;

    use super::*;

    #[test]
    fn only_who_can_know_is_believed() {
        let check = |scheme: &PublicScheme, peer: &str, over_tls: bool, expected| {
            let mut extensions = Extensions::new();
            extensions.insert(PeerAddress(peer.parse().unwrap()));
            if over_tls {
                extensions.insert(OverTls);
            }
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
            assert_eq!(scheme.of(&extensions, &headers), expected, "{peer}");
            if peer == "10.0.0.1" {
                assert_ne!(
                    scheme.of(&extensions, &HeaderMap::new()),
                    expected,
                    "a proxy that says nothing"
                );
            }
        };
        let https = Some(Scheme::HTTPS);
        let proxies = TrustedProxies::networks(["10.0.0.0/8".parse().unwrap()]);
        let told = PublicScheme::told_by(proxies);
        check(&told, "10.0.0.1", false, https.clone());
        check(&told, "10.0.0.1", true, https.clone());
        check(&told, "203.0.113.9", false, None);
        check(&told, "203.0.113.9", true, https.clone());
        check(&PublicScheme::default(), "203.0.113.9", false, None);
        check(&PublicScheme::https(), "203.0.113.9", false, https);
        check(
            &PublicScheme::http(),
            "203.0.113.9",
            true,
            Some(Scheme::HTTP),
        );
    }
}
