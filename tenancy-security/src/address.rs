//! Which addresses are one client's.
//!
//! A limit or a block by address is worth nothing if the client chooses among many: whoever has one
//! IPv6 address has a /64 of them, and the same IPv4 host shows up in several forms. An
//! [`AddressKey`] is what they have in common.
//!
//! ```
//! use tenancy_security::address::AddressGroups;
//!
//! let groups = AddressGroups::default();
//! let key = |address: &str| groups.key(address.parse().unwrap());
//! assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
//! assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
//! assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
//! ```

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

/// The network that a provider gives one customer at least (RFC 6177, RFC 7934).
const CUSTOMER_BITS: u8 = 64;

/// The widest network that a provider gives one customer as a rule: a site (RFC 6177).
pub(crate) const SITE_BITS: u8 = 48;

/// What NAT64 puts before an IPv4 address everywhere (RFC 6052, section 2.1).
const WELL_KNOWN_NAT64: Ipv6Net =
    Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The addresses that are taken for one client's: an IPv4 address, or an IPv6 network.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AddressKey(IpNet);

impl AddressKey {
    /// The network that is meant.
    pub fn network(self) -> IpNet {
        self.0
    }

    /// The wider network of IPv6 that it lies in, so many bits wide, for a client that was given more than
    /// one: /56 and /48 are common. Itself where it is as wide. IPv4 has none.
    #[must_use]
    pub fn within(self, ipv6_bits: u8) -> Option<Self> {
        let bits = ipv6_bits.min(self.0.prefix_len());
        let is_ipv6 = matches!(self.0, IpNet::V6(_));
        is_ipv6.then(|| network(self.0.addr(), bits))
    }
}

/// The network, as in `2001:db8:1:2::/64` or `192.0.2.1/32`.
impl fmt::Display for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How addresses are grouped into clients.
///
/// By default an IPv6 client is a /64, and IPv4 addresses are known behind `::ffff:0:0/96` and the
/// well-known NAT64 prefix `64:ff9b::/96` (RFC 6052).
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct AddressGroups {
    bits: u8,
    nat64: Vec<Ipv6Net>,
}

impl Default for AddressGroups {
    fn default() -> Self {
        Self {
            bits: CUSTOMER_BITS,
            nat64: vec![WELL_KNOWN_NAT64],
        }
    }
}

impl AddressGroups {
    /// How much of an IPv6 address names a client, in bits. Default: 64.
    ///
    /// # Panics
    /// If it is more than 128, which no address has.
    pub fn ipv6_bits(mut self, bits: u8) -> Self {
        assert!(bits <= 128, "an IPv6 address has 128 bits");
        self.bits = bits;
        self
    }

    /// A NAT64 prefix of one's own network, of a length that RFC 6052 allows: 32, 40, 48, 56, 64 or
    /// 96 bits; any other is left out.
    pub fn nat64(mut self, prefix: Ipv6Net) -> Self {
        if matches!(prefix.prefix_len(), 32 | 40 | 48 | 56 | 64 | 96) {
            self.nat64.push(prefix.trunc());
        }
        self
    }

    /// The client that this address belongs to.
    pub fn key(&self, address: IpAddr) -> AddressKey {
        network(self.plain(address), self.bits)
    }

    /// The address in its plainest form: IPv4 where it carries one.
    pub fn plain(&self, address: IpAddr) -> IpAddr {
        let IpAddr::V6(ipv6) = address.to_canonical() else {
            return address.to_canonical();
        };
        let prefix = self.nat64.iter().find(|prefix| prefix.contains(&ipv6));
        match prefix {
            Some(prefix) => IpAddr::V4(embedded(ipv6, prefix.prefix_len())),
            None => IpAddr::V6(ipv6),
        }
    }
}

/// The network of this address, so many bits wide; an IPv4 address is one by itself.
fn network(address: IpAddr, ipv6_bits: u8) -> AddressKey {
    let bits = if address.is_ipv4() { 32 } else { ipv6_bits };
    AddressKey(IpNet::new_assert(address, bits).trunc())
}

/// The IPv4 address behind a NAT64 prefix; bits 64 to 71 are never part of it (RFC 6052, section
/// 2.2).
fn embedded(address: Ipv6Addr, prefix_bits: u8) -> Ipv4Addr {
    let bytes = address.octets();
    let from = usize::from(prefix_bits / 8);
    let mut carried = (from..16).filter(|place| *place != 8);
    Ipv4Addr::from(std::array::from_fn::<u8, 4, _>(|_| {
        carried.next().map_or(0, |place| bytes[place])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(groups: &AddressGroups, address: &str, expected: &str) {
        let key = groups.key(address.parse().unwrap());
        assert_eq!(key.to_string(), expected, "{address}");
    }

    #[test]
    fn a_client_is_one_however_its_address_is_written() {
        let groups = AddressGroups::default();
        check(&groups, "1.2.3.4", "1.2.3.4/32");
        check(&groups, "::ffff:1.2.3.4", "1.2.3.4/32");
        check(&groups, "::ffff:102:304", "1.2.3.4/32");
        check(&groups, "64:ff9b::1.2.3.4", "1.2.3.4/32");
        check(&groups, "2001:db8::1.2.3.4", "2001:db8::/64");
        check(&groups, "2001:db8:1:2::1", "2001:db8:1:2::/64");
        check(
            &groups,
            "2001:db8:1:2:ffff:ffff:ffff:ffff",
            "2001:db8:1:2::/64",
        );
        check(
            &groups.ipv6_bits(56),
            "2001:db8:1:2ff::1",
            "2001:db8:1:200::/56",
        );
    }

    /// The table of RFC 6052, section 2.4.
    #[test]
    fn the_ipv4_address_behind_a_translator_is_the_client() {
        let check = |prefix: &str, address: &str| {
            let groups = AddressGroups::default().nat64(prefix.parse().unwrap());
            check(&groups, address, "192.0.2.33/32");
        };
        check("2001:db8::/32", "2001:db8:c000:221::");
        check("2001:db8:100::/40", "2001:db8:1c0:2:21::");
        check("2001:db8:122::/48", "2001:db8:122:c000:2:2100::");
        check("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::");
        check("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::");
        check("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33");
    }

    #[test]
    fn a_client_of_ipv6_lies_in_wider_networks() {
        let check = |address: &str, bits: u8, expected: Option<&str>| {
            let key = AddressGroups::default().key(address.parse().unwrap());
            let found = key.within(bits).map(|key| key.to_string());
            assert_eq!(found.as_deref(), expected, "{address} {bits}");
        };
        check("2001:db8:1:2ff::1", 56, Some("2001:db8:1:200::/56"));
        check("2001:db8:1:2ff::1", 48, Some("2001:db8:1::/48"));
        check("2001:db8:1:2ff::1", 96, Some("2001:db8:1:2ff::/64"));
        check("::ffff:192.0.2.1", 24, None);
    }
}
