use std::net::IpAddr;
use std::num::NonZeroUsize;

use http::HeaderMap;
use http::uri::Scheme;
use ipnet::IpNet;

use super::forwarded::{forwarded_for, forwarded_proto, x_forwarded_for, x_forwarded_proto};

/// The proxies that stand before the server, by their networks or by their number.
///
/// Nobody is trusted by default. A proxy that is trusted must append the address it saw to
/// `X-Forwarded-For`, as every common one does, or to the [`header`](Self::header) that is set here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrustedProxies {
    trust: Trust,
    header: ProxyHeader,
}

/// What proxies write of a request's client. The other header is the client's own word, whatever
/// stands in it, and is not read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ProxyHeader {
    /// `Forwarded` (RFC 7239), with `for` and `proto`.
    Forwarded,
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
}

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
        Self::default()
    }

    /// Trusts every peer from these networks.
    pub fn networks(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Trust::Networks(networks.into_iter().collect()).into()
    }

    /// Trusts that every request has passed this many proxies, whatever their addresses. Only
    /// safe where nobody can reach the server past them.
    pub fn hops(proxies: NonZeroUsize) -> Self {
        Trust::Hops(proxies).into()
    }

    /// Sets which header the proxies write. Default: [`ProxyHeader::XForwardedFor`].
    ///
    /// Where it is one that they pass on as it came, clients choose their addresses.
    pub fn header(mut self, header: ProxyHeader) -> Self {
        self.header = header;
        self
    }

    /// Whether what this peer says about a request is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        match &self.trust {
            Trust::Hops(_) => true,
            Trust::Networks(networks) => networks.iter().any(|network| network.contains(&peer)),
            Trust::Nobody => false,
        }
    }

    /// The right-most address that is no trusted proxy, over all lines of the proxies' header; the
    /// peer itself where it is not trusted. IPv4-mapped addresses come out as IPv4.
    ///
    /// An element that cannot be read ends the walk at the proxy that reported it.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let chain = match self.header {
            ProxyHeader::Forwarded => forwarded_for(headers),
            ProxyHeader::XForwardedFor => x_forwarded_for(headers),
        };
        self.walk(peer, &chain)
    }

    /// The scheme of the client's own connection, where this peer is trusted and all that the proxies'
    /// header (`Forwarded`, or `X-Forwarded-Proto`) says agrees; from a chain of proxies that is also
    /// where each says the same. Where they differ nobody can tell which of them the client wrote.
    pub fn client_scheme(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Scheme> {
        if !self.trusts(peer) {
            return None;
        }
        match self.header {
            ProxyHeader::Forwarded => forwarded_proto(headers),
            ProxyHeader::XForwardedFor => x_forwarded_proto(headers),
        }
    }

    fn walk(&self, peer: IpAddr, chain: &[Option<IpAddr>]) -> IpAddr {
        if let Trust::Hops(hops) = &self.trust {
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

impl From<Trust> for TrustedProxies {
    fn from(trust: Trust) -> Self {
        Self {
            trust,
            header: ProxyHeader::default(),
        }
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
        // What is no text says something, though nobody can tell what.
        check("10.0.0.1", &[(xff, "6.6.6.6"), (xff, "é")], "10.0.0.1");
        check("10.0.0.1", &[(xff, "é, 2.2.2.2")], "2.2.2.2");
    }

    #[test]
    fn the_standard_header_is_walked_where_proxies_write_it() {
        let check = |peer: &str, lines: &[&str], expected: &str| {
            let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            let proxies = ours().header(ProxyHeader::Forwarded);
            let client = proxies.client_address(peer.parse().unwrap(), &headers(&lines));
            assert_eq!(client.to_string(), expected, "{peer} {lines:?}");
        };
        check("1.1.1.1", &["for=2.2.2.2"], "1.1.1.1");
        check("fd00::1", &["for=\"[2001:db8::1]\""], "2001:db8::1");
        check("10.0.0.1", &["for=6.6.6.6", "for=2.2.2.2"], "2.2.2.2");
        check("10.0.0.1", &["for=2.2.2.2, for=10.0.0.2"], "2.2.2.2");
        check("10.0.0.1", &["for=6.6.6.6", "for=é"], "10.0.0.1");
        check("10.0.0.1", &["for=é, for=2.2.2.2"], "2.2.2.2");
        check("10.0.0.1", &["for=\", for=2.2.2.2"], "2.2.2.2");
        check("10.0.0.1", &[], "10.0.0.1");
    }

    #[test]
    fn the_header_that_proxies_do_not_write_is_not_heard() {
        let x_forwarded = |text: &str| ("x-forwarded-for", text.to_owned());
        let forwarded = |text: &str| {
            let elements = text.split(", ").map(|node| format!("for={node}"));
            ("forwarded", elements.collect::<Vec<_>>().join(", "))
        };
        let hops = |hops: usize| TrustedProxies::hops(hops.try_into().unwrap());
        // Through one proxy, and through two of which the nearer has noted the farther.
        for (proxies, written, client) in [
            (ours(), "2.2.2.2", "2.2.2.2"),
            (ours(), "6.6.6.6, 2.2.2.2, 10.0.0.2", "2.2.2.2"),
            (hops(1), "6.6.6.6, 2.2.2.2", "2.2.2.2"),
            (hops(2), "6.6.6.6, 2.2.2.2, 10.0.0.2", "2.2.2.2"),
            (ours(), "unknown", "10.0.0.1"),
        ] {
            for claimed in ["6.6.6.6", "10.0.0.3", "2.2.2.2, 10.0.0.2", "unknown", "\""] {
                let check = |header, lines: [(&'static str, String); 2]| {
                    let lines = lines
                        .each_ref()
                        .map(|(name, value)| (*name, value.as_str()));
                    let proxies = proxies.clone().header(header);
                    let found =
                        proxies.client_address("10.0.0.1".parse().unwrap(), &headers(&lines));
                    assert_eq!(found.to_string(), client, "{header:?} {lines:?}");
                };
                check(
                    ProxyHeader::XForwardedFor,
                    [x_forwarded(written), forwarded(claimed)],
                );
                check(
                    ProxyHeader::Forwarded,
                    [forwarded(written), x_forwarded(claimed)],
                );
            }
        }
    }

    #[test]
    fn the_scheme_is_told_by_the_header_that_proxies_write() {
        let lines = headers(&[
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=2.2.2.2;proto=http"),
        ]);
        let scheme = |header| {
            let proxies = ours().header(header);
            proxies.client_scheme("10.0.0.1".parse().unwrap(), &lines)
        };
        assert_eq!(scheme(ProxyHeader::XForwardedFor), Some(Scheme::HTTPS));
        assert_eq!(scheme(ProxyHeader::Forwarded), Some(Scheme::HTTP));
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
        fn nothing_that_a_client_prepends_changes_the_answer(
            forged in "[ -~\u{e9}]{0,80}",
            on_its_line in any::<bool>(),
        ) {
            let check = |header, name: &'static str, honest: &str| {
                let line = format!("{forged}, {honest}");
                let lines = match on_its_line {
                    true => headers(&[(name, &line)]),
                    false => headers(&[(name, &forged), (name, honest)]),
                };
                let proxies = ours().header(header);
                let found = proxies.client_address("10.0.0.1".parse().unwrap(), &lines);
                prop_assert_eq!(found.to_string(), "2.2.2.2", "{}", line);
                Ok(())
            };
            check(
                ProxyHeader::XForwardedFor,
                "x-forwarded-for",
                "2.2.2.2, 10.0.0.2",
            )?;
            check(
                ProxyHeader::Forwarded,
                "forwarded",
                "for=\"2.2.2.2:80\", for=10.0.0.2;proto=http",
            )?;
        }
    }
}
