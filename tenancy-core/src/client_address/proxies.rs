use std::net::IpAddr;
use std::num::NonZeroUsize;

use http::HeaderMap;
use http::uri::Scheme;
use ipnet::IpNet;

use super::forwarded::{forwarded_for, forwarded_scheme, x_forwarded_for};

/// The proxies that stand before the server, by their networks or by their number.
///
/// Nobody is trusted by default. A proxy that is trusted must append the address it saw to
/// `X-Forwarded-For` or `Forwarded`, as every common one does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrustedProxies(Trust);

#[derive(Clone, Debug, Default, Eq, PartialEq)]
enum Trust {
    Hops(NonZeroUsize),
    Networks(Vec<IpNet>),
    #[default]
    Nobody,
}

impl TrustedProxies {
    /// Trusts nobody: the client is the peer of the connection.
    pub fn nobody() -> Self {
        Self(Trust::Nobody)
    }

    /// Trusts every peer from these networks.
    pub fn networks(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(Trust::Networks(networks.into_iter().collect()))
    }

    /// Trusts that every request has passed this many proxies, whatever their addresses. Only
    /// safe where nobody can reach the server past them.
    pub fn hops(proxies: NonZeroUsize) -> Self {
        Self(Trust::Hops(proxies))
    }

    /// Whether what this peer says about a request is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        match &self.0 {
            Trust::Hops(_) => true,
            Trust::Networks(networks) => networks.iter().any(|network| network.contains(&peer)),
            Trust::Nobody => false,
        }
    }

    /// The right-most address that is no trusted proxy, over all lines of `X-Forwarded-For` and
    /// `Forwarded`; the peer itself where it is not trusted. IPv4-mapped addresses come out as
    /// IPv4.
    ///
    /// An element that cannot be read ends the walk at the proxy that reported it. Where both
    /// headers exist and name different clients, one of them was forged past a proxy that writes
    /// the other: neither counts, and the answer is the peer.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        match (x_forwarded_for(headers), forwarded_for(headers)) {
            (None, None) => peer,
            (Some(chain), None) | (None, Some(chain)) => self.walk(peer, &chain),
            (Some(one), Some(other)) => {
                let client = self.walk(peer, &one);
                if client == self.walk(peer, &other) {
                    client
                } else {
                    peer
                }
            }
        }
    }

    /// The scheme of the client's own connection, where this peer is trusted and all that
    /// `X-Forwarded-Proto` and `Forwarded` say agrees; from a chain of proxies that is also where each
    /// says the same. Where they differ nobody can tell which of them the client wrote.
    pub fn client_scheme(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Scheme> {
        let told = self.trusts(peer).then(|| forwarded_scheme(headers));
        told.flatten()
    }

    fn walk(&self, peer: IpAddr, chain: &[Option<IpAddr>]) -> IpAddr {
        if let Trust::Hops(hops) = &self.0 {
            // The peer is the first hop; a chain that is too short did not pass them all.
            let client = chain.iter().rev().nth(hops.get() - 1);
            return client.copied().flatten().unwrap_or(peer);
        }
        let mut nearest = peer;
        for hop in chain.iter().rev() {
            match *hop {
                Some(proxy) if self.trusts(proxy) => nearest = proxy,
                Some(client) => return client,
                None => return nearest,
            }
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn ours() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        TrustedProxies::networks(networks)
    }

    #[test]
    fn the_right_most_stranger_is_the_client() {
        let check = |peer: &str, lines: &[(&'static str, &str)], expected: &str| {
            let client = ours().client_address(peer.parse().unwrap(), &headers(lines));
            assert_eq!(client.to_string(), expected, "{peer} {lines:?}");
        };
        let xff = "x-forwarded-for";
        check("1.1.1.1", &[(xff, "2.2.2.2")], "1.1.1.1");
        check("::ffff:1.1.1.1", &[(xff, "2.2.2.2")], "1.1.1.1");
        check("10.0.0.1", &[], "10.0.0.1");
        check("::ffff:10.0.0.1", &[(xff, "2.2.2.2")], "2.2.2.2");
        check(
            "10.0.0.1",
            &[(xff, "6.6.6.6, 2.2.2.2, 10.9.9.9")],
            "2.2.2.2",
        );
        check("10.0.0.1", &[(xff, "6.6.6.6"), (xff, "2.2.2.2")], "2.2.2.2");
        check("10.0.0.1", &[(xff, "::ffff:2.2.2.2")], "2.2.2.2");
        check("10.0.0.1", &[(xff, "6.6.6.6, unknown")], "10.0.0.1");
        check("10.0.0.1", &[(xff, "6.6.6.6, ,10.0.0.7")], "10.0.0.7");
        check("10.0.0.1", &[(xff, "10.0.0.3, 10.0.0.2")], "10.0.0.3");
        let forwarded = "forwarded";
        check(
            "fd00::1",
            &[(forwarded, "for=\"[2001:db8::1]\"")],
            "2001:db8::1",
        );
        check(
            "10.0.0.1",
            &[(forwarded, "for=6.6.6.6"), (forwarded, "for=2.2.2.2")],
            "2.2.2.2",
        );
        // A line that is no text says something, though nobody can tell what.
        check("10.0.0.1", &[(xff, "6.6.6.6"), (xff, "é")], "10.0.0.1");
        check(
            "10.0.0.1",
            &[(forwarded, "for=6.6.6.6"), (forwarded, "for=é")],
            "10.0.0.1",
        );
        check(
            "10.0.0.1",
            &[(forwarded, "for=6.6.6.6"), (xff, "2.2.2.2")],
            "10.0.0.1",
        );
        check(
            "10.0.0.1",
            &[(forwarded, "for=2.2.2.2"), (xff, "2.2.2.2")],
            "2.2.2.2",
        );
    }

    #[test]
    fn a_proxy_is_trusted_by_its_network_however_its_address_is_written() {
        let check = |proxies: TrustedProxies, peer: &str, expected: bool| {
            assert_eq!(proxies.trusts(peer.parse().unwrap()), expected, "{peer}");
        };
        check(ours(), "10.255.0.1", true);
        check(ours(), "::ffff:10.255.0.1", true);
        check(ours(), "11.0.0.1", false);
        check(ours(), "::10.255.0.1", false);
        check(TrustedProxies::nobody(), "127.0.0.1", false);
        check(TrustedProxies::hops(NonZeroUsize::MIN), "1.1.1.1", true);
    }

    #[test]
    fn a_number_of_hops_counts_from_the_right() {
        let check = |hops: usize, line: &str, expected: &str| {
            let proxies = TrustedProxies::hops(hops.try_into().unwrap());
            let peer = "10.0.0.1".parse().unwrap();
            let client = proxies.client_address(peer, &headers(&[("x-forwarded-for", line)]));
            assert_eq!(client.to_string(), expected, "{hops} {line}");
        };
        check(1, "6.6.6.6, 2.2.2.2", "2.2.2.2");
        check(2, "6.6.6.6, 2.2.2.2, 10.0.0.2", "2.2.2.2");
        check(3, "2.2.2.2", "10.0.0.1");
    }

    #[test]
    fn a_strangers_word_on_its_scheme_is_not_heard() {
        let headers = headers(&[("x-forwarded-proto", "https")]);
        let scheme = |peer: &str| ours().client_scheme(peer.parse().unwrap(), &headers);
        assert_eq!(scheme("10.0.0.1"), Some(Scheme::HTTPS));
        assert_eq!(scheme("1.1.1.1"), None);
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_prepends_changes_the_answer(forged in "[ -~]{0,80}") {
            let honest = headers(&[("x-forwarded-for", "2.2.2.2, 10.0.0.2")]);
            let mut lines = headers(&[("x-forwarded-for", &forged)]);
            lines.append("x-forwarded-for", HeaderValue::from_static("2.2.2.2, 10.0.0.2"));
            let peer = "10.0.0.1".parse().unwrap();
            prop_assert_eq!(
                ours().client_address(peer, &lines),
                ours().client_address(peer, &honest)
            );
        }
    }
}
