use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenancy_core::client_address::TrustedProxies;
use tenancy_core::log_throttle::LogThrottle;
use tenancy_security::address::{AddressGroups, AddressKey};

/// How many connections each client has, so that nobody has all of them, however little it sends.
///
/// A trusted proxy has those of many clients.
#[derive(Clone, Debug)]
pub(super) struct Peers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    each_max: usize,
    proxies: TrustedProxies,
    groups: AddressGroups,
    /// Only those who have some, so no more than there are connections.
    counts: Mutex<HashMap<AddressKey, usize>>,
}

/// A connection that counts as its client's until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    peers: Peers,
    client: Option<AddressKey>,
}

/// With fewer a browser or two would have to wait.
const EACH_MIN: usize = 16;

/// How many of so many connections one client may have, where nobody has said.
pub(super) fn share(connections: usize) -> usize {
    (connections / 4).max(EACH_MIN)
}

impl Peers {
    pub(super) fn new(each_max: usize, proxies: TrustedProxies) -> Self {
        Self(Arc::new(Inner {
            each_max,
            proxies,
            groups: AddressGroups::default(),
            counts: Mutex::default(),
        }))
    }

    /// One more connection of this peer's, unless it has too many.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Counted> {
        let Inner {
            each_max,
            proxies,
            groups,
            ..
        } = &*self.0;
        let client = (!proxies.trusts(peer)).then(|| groups.key(peer));
        if let Some(client) = client {
            let admitted = self.change(client, |count| {
                let admitted = *count < *each_max;
                *count += usize::from(admitted);
                admitted
            });
            if !admitted {
                say_refused(client);
                return None;
            }
        }
        let peers = self.clone();
        Some(Counted { peers, client })
    }

    fn change<T>(&self, client: AddressKey, change: impl FnOnce(&mut usize) -> T) -> T {
        // Each change is whole, so a poisoned map is too.
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        let changed = change(count);
        if *count == 0 {
            counts.remove(&client);
        }
        changed
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(client) = self.client {
            self.peers
                .change(client, |count| *count = count.saturating_sub(1));
        }
    }
}

fn say_refused(client: AddressKey) {
    static OFTEN: LogThrottle = LogThrottle::new(Duration::from_secs(10));
    if let Some(left_out) = OFTEN.admit() {
        tracing::warn!(%client, left_out, "a client has too many connections already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_client_has_so_many_connections_at_once_and_leaves_the_rest_to_others() {
        let peers = Peers::new(2, TrustedProxies::nobody());
        let admit = |peer: &str| peers.admit(address(peer));
        let held = [admit("2001:db8::1"), admit("2001:db8::2")].map(Option::unwrap);
        assert!(admit("2001:db8::3").is_none(), "it is the same client's");
        let others = [admit("2001:db8:0:1::1"), admit("192.0.2.1")].map(Option::unwrap);
        drop(held);
        assert!(admit("2001:db8::3").is_some());
        drop(others);
        assert!(peers.0.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn a_client_has_a_quarter_of_what_connections_there_can_be() {
        assert_eq!([4096, 924, 20].map(share), [1024, 231, 16]);
    }

    #[test]
    fn a_trusted_proxy_has_the_connections_of_many() {
        let proxies = TrustedProxies::networks(["192.0.2.1/32".parse().unwrap()]);
        let peers = Peers::new(1, proxies);
        let admit = |peer: &str| peers.admit(address(peer));
        let held = [admit("192.0.2.1"), admit("192.0.2.1"), admit("192.0.2.2")];
        assert!(held.iter().all(Option::is_some));
        assert!(admit("192.0.2.2").is_none());
        assert!(admit("192.0.2.1").is_some());
    }
}
