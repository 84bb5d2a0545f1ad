use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks names up, and gives out only addresses that anybody could reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicOnly;

/// A name or an address leads to this machine or its networks.
#[derive(Clone, Copy, Debug)]
pub(super) struct InternalAddress;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<_> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(InternalAddress.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl fmt::Display for InternalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only internal addresses")
    }
}

impl std::error::Error for InternalAddress {}

/// Whether an address is one of the public Internet's, by IANA's registries of special ones.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // "This network", 6to4 relays, benchmarking, carriers' own.
        [0, ..] | [192, 88, 99, _] | [198, 18..=19, ..] | [100, 64..=127, ..] => true,
        [192, 0, 0, _] | [224..=255, ..] => true,
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

/// What is assigned to the Internet, but for what stands in it for something else.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocols, Teredo and the like, documentation, 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [0x2002, ..] => false,
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

/// The address of the older kind that one of the newer leads to.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ones_own_networks_are_not_public() {
        let check = |expected: bool, addresses: &[&str]| {
            for address in addresses {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        };
        check(
            true,
            &[
                "8.8.8.8",
                "192.0.1.1",
                "100.128.0.1",
                "172.32.0.1",
                "198.20.0.1",
            ],
        );
        check(
            true,
            &[
                "2600::1",
                "2001:200::1",
                "2a00:1450:4001::200e",
                "::ffff:8.8.8.8",
            ],
        );
        check(true, &["64:ff9b::8.8.8.8"]);
        check(
            false,
            &["127.0.0.1", "127.255.0.1", "0.0.0.0", "0.1.2.3", "10.0.0.1"],
        );
        check(
            false,
            &[
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.1",
                "169.254.169.254",
            ],
        );
        check(
            false,
            &[
                "100.64.0.1",
                "192.0.0.8",
                "192.0.2.1",
                "198.19.0.1",
                "203.0.113.9",
            ],
        );
        check(
            false,
            &["224.0.0.1", "255.255.255.255", "240.0.0.1", "192.88.99.1"],
        );
        check(
            false,
            &["::", "::1", "fe80::1", "fd00::1", "fc00::1", "ff02::1"],
        );
        check(
            false,
            &["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"],
        );
        check(
            false,
            &[
                "2002:7f00:1::",
                "2001::1",
                "2001:db8::1",
                "3fff::1",
                "::127.0.0.1",
            ],
        );
        check(false, &["64:ff9b:1::a00:1"]);
    }
}
