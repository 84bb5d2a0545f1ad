use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use foldhash::fast::RandomState;
use ipnet::IpNet;

/// Values by network, found by an address in any of them.
///
/// There is a map for each length of prefix that occurs, and a look into each for an address. Most
/// lists have a handful of lengths.
#[derive(Clone, Debug)]
pub(super) struct Networks<T> {
    ipv4: BTreeMap<u8, HashMap<u32, T, RandomState>>,
    ipv6: BTreeMap<u8, HashMap<u128, T, RandomState>>,
}

impl<T> Default for Networks<T> {
    fn default() -> Self {
        Self {
            ipv4: BTreeMap::new(),
            ipv6: BTreeMap::new(),
        }
    }
}

impl<T> Networks<T> {
    /// Returns what the network had before.
    pub(super) fn insert(&mut self, network: IpNet, value: T) -> Option<T> {
        let bits = network.prefix_len();
        match network.network() {
            IpAddr::V4(address) => {
                let networks = self.ipv4.entry(bits).or_default();
                networks.insert(address.to_bits(), value)
            }
            IpAddr::V6(address) => {
                let networks = self.ipv6.entry(bits).or_default();
                networks.insert(address.to_bits(), value)
            }
        }
    }

    pub(super) fn remove(&mut self, network: IpNet) -> Option<T> {
        let bits = network.prefix_len();
        match network.network() {
            IpAddr::V4(address) => self.ipv4.get_mut(&bits)?.remove(&address.to_bits()),
            IpAddr::V6(address) => self.ipv6.get_mut(&bits)?.remove(&address.to_bits()),
        }
    }

    pub(super) fn get(&self, network: IpNet) -> Option<&T> {
        let bits = network.prefix_len();
        match network.network() {
            IpAddr::V4(address) => self.ipv4.get(&bits)?.get(&address.to_bits()),
            IpAddr::V6(address) => self.ipv6.get(&bits)?.get(&address.to_bits()),
        }
    }

    /// The values of all networks that the address is in, from the widest to the narrowest.
    pub(super) fn of(&self, address: IpAddr) -> impl Iterator<Item = &T> {
        let (mut ipv4, mut ipv6) = (None, None);
        match address {
            IpAddr::V4(address) => ipv4 = Some(address.to_bits()),
            IpAddr::V6(address) => ipv6 = Some(address.to_bits()),
        }
        let ipv4 = ipv4.into_iter().flat_map(|address| {
            self.ipv4.iter().filter_map(move |(bits, networks)| {
                let mask = u32::MAX.checked_shl(32 - u32::from(*bits)).unwrap_or(0);
                networks.get(&(address & mask))
            })
        });
        let ipv6 = ipv6.into_iter().flat_map(|address| {
            self.ipv6.iter().filter_map(move |(bits, networks)| {
                let mask = u128::MAX.checked_shl(128 - u32::from(*bits)).unwrap_or(0);
                networks.get(&(address & mask))
            })
        });
        ipv4.chain(ipv6)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        let ipv4 = self.ipv4.values().flat_map(HashMap::values);
        ipv4.chain(self.ipv6.values().flat_map(HashMap::values))
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.ipv4.retain(|_, networks| {
            networks.retain(|_, value| keep(value));
            !networks.is_empty()
        });
        self.ipv6.retain(|_, networks| {
            networks.retain(|_, value| keep(value));
            !networks.is_empty()
        });
    }

    pub(super) fn len(&self) -> usize {
        self.ipv4.values().map(HashMap::len).sum::<usize>()
            + self.ipv6.values().map(HashMap::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network() -> impl Strategy<Value = IpNet> {
        // Few different addresses, so that networks contain each other.
        let ipv4 = (0_u32..16, 0_u8..=32).prop_map(|(bits, length)| {
            IpNet::new_assert(IpAddr::V4((bits << 28 | bits).into()), length)
        });
        let ipv6 = (0_u128..16, 0_u8..=128).prop_map(|(bits, length)| {
            IpNet::new_assert(IpAddr::V6((bits << 124 | bits).into()), length)
        });
        prop_oneof![ipv4, ipv6].prop_map(|network| network.trunc())
    }

    proptest! {
        #[test]
        fn an_address_is_in_the_networks_that_contain_it(
            all in prop::collection::vec(network(), 0..40),
            removed in prop::collection::vec(0_usize..40, 0..10),
            looked_for in network(),
        ) {
            let mut networks = Networks::default();
            let mut expected = std::collections::BTreeSet::new();
            for network in &all {
                networks.insert(*network, *network);
                expected.insert(*network);
            }
            for place in removed {
                if let Some(network) = all.get(place) {
                    networks.remove(*network);
                    expected.remove(network);
                }
            }
            prop_assert_eq!(networks.len(), expected.len());
            let address = looked_for.addr();
            let mut found: Vec<_> = networks.of(address).copied().collect();
            found.sort();
            expected.retain(|network| network.contains(&address));
            prop_assert_eq!(found, Vec::from_iter(expected));
        }
    }
}
