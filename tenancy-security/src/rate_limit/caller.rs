use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;
use tenancy_core::tenant::Tenant;
use tenancy_core::{Actor, TenantScope};

#[cfg(any(feature = "redis", test))]
use super::decision::Standing;
#[cfg(any(feature = "redis", test))]
use super::policy::Name;
use super::policy::{Dimension, Policy};
use crate::address::AddressKey;

/// Whose request it is. Tells callers of one tenant apart, and never joins those of two.
#[derive(Clone, Debug)]
pub struct Caller {
    tenant: Option<Arc<Tenant>>,
    identity: Bytes,
}

type Bytes = SmallVec<[u8; 36]>;

/// What an identity begins with that has an address next, which says how long that is.
const IPV4: u8 = b'4';
const IPV6: u8 = b'6';

impl Caller {
    /// The actor of a scope, within its tenant. An actor who has not signed in is nobody, so give his
    /// [`address`](Self::address).
    pub fn of(scope: &TenantScope) -> Self {
        let actor = scope.actor();
        Self {
            tenant: Some(scope.tenant()),
            identity: if actor.is_anonymous() {
                Bytes::new()
            } else {
                identity_of(actor)
            },
        }
    }

    /// A caller without a tenant. All such are counted together, as if they were of one tenant more.
    pub fn without_tenant() -> Self {
        Self {
            tenant: None,
            identity: Bytes::new(),
        }
    }

    /// The same, known by an address unless by something better.
    #[must_use]
    pub fn or_address(self, address: AddressKey) -> Self {
        if self.is_known() {
            return self;
        }
        self.address(address)
    }

    /// The same, known by an address.
    #[must_use]
    pub fn address(mut self, address: AddressKey) -> Self {
        let network = address.network();
        self.identity.clear();
        match network.network() {
            IpAddr::V4(address) => {
                self.identity.push(IPV4);
                self.identity.extend(address.octets());
            }
            IpAddr::V6(address) => {
                self.identity.push(IPV6);
                self.identity.extend(address.octets());
            }
        }
        self.identity.push(network.prefix_len());
        self
    }

    /// The same, known by an address and a name together, such as that of the account which is asked
    /// for from there.
    #[must_use]
    pub fn address_and_name(self, address: AddressKey, name: &str) -> Self {
        let mut caller = self.address(address);
        caller.identity.push(b'n');
        caller.identity.extend_from_slice(name.as_bytes());
        caller
    }

    /// The same, known by a name of the application's own choice, such as that of an account.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.identity = Bytes::from_slice(b"n");
        self.identity.extend_from_slice(name.as_bytes());
        self
    }

    /// Whether there is anything to tell this caller from the tenant's others by.
    pub fn is_known(&self) -> bool {
        !self.identity.is_empty()
    }

    pub(super) fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_deref()
    }

    /// The same as [`counted`](Self::counted) as a hash, where time matters; `None` where the policy does
    /// not count this caller.
    #[inline]
    pub(super) fn hash(&self, policy: &Policy, mut hasher: impl Hasher) -> Option<u64> {
        hasher.write_u64(policy.mark);
        match &self.tenant {
            Some(tenant) => hasher.write_u128(tenant.id.as_uuid().as_u128()),
            None => hasher.write_u8(0),
        }
        match policy.dimension {
            Dimension::Class | Dimension::Tenant => {}
            Dimension::Identity => hasher.write(&self.identity),
            Dimension::Network { ipv6_bits } => hasher.write(&self.within(ipv6_bits)?),
        }
        Some(hasher.finish())
    }

    /// The identity with the network of so many bits in place of its address of IPv6; `None` where it has
    /// no such address.
    fn within(&self, ipv6_bits: u8) -> Option<Bytes> {
        if self.identity.first() != Some(&IPV6) {
            return None;
        }
        let mut within = self.identity.clone();
        let (octets, rest) = within[1..].split_first_chunk_mut()?;
        let bits = rest.first_mut()?;
        *bits = ipv6_bits.min(*bits);
        let mask = u128::MAX.checked_shl(128 - u32::from(*bits)).unwrap_or(0);
        *octets = (u128::from_be_bytes(*octets) & mask).to_be_bytes();
        Some(within)
    }

    /// Whom a policy counts for this caller, part by part; each begins with its length, but for the
    /// last.
    #[cfg(any(feature = "redis", test))]
    pub(super) fn counted(&self, class: &Name, standing: &Standing, mut write: impl FnMut(&[u8])) {
        let mut part = |part: &[u8]| {
            // Names are short by their own rule.
            write(&[u8::try_from(part.len()).unwrap_or(u8::MAX)]);
            write(part);
        };
        part(standing.policy.as_str().as_bytes());
        match &self.tenant {
            Some(tenant) => part(tenant.id.as_uuid().as_bytes()),
            None => part(&[]),
        }
        if standing.dimension != Dimension::Tenant {
            part(class.as_str().as_bytes());
        }
        match standing.dimension {
            Dimension::Class | Dimension::Tenant => {}
            Dimension::Identity => write(&self.identity),
            Dimension::Network { ipv6_bits } => {
                write(&self.within(ipv6_bits).unwrap_or_default());
            }
        }
    }
}

fn identity_of(actor: &Actor) -> Bytes {
    let mut identity = Bytes::from_slice(b"k");
    identity.extend_from_slice(actor.kind().as_bytes());
    identity.push(0);
    match actor.id() {
        Some(id) => identity.extend_from_slice(id.as_bytes()),
        None => identity.extend_from_slice(actor.name().as_bytes()),
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::super::quota::Quota;
    use super::*;

    fn key(caller: &Caller, class: &str, policy: &str, dimension: Dimension) -> Vec<u8> {
        let policy = Policy::new(policy, Quota::per_hour(1)).unwrap();
        let standing = Standing::new(&policy.by(dimension), 0, Quota::per_hour(1));
        let mut key = vec![];
        caller.counted(&class.parse().unwrap(), &standing, |part| {
            key.extend_from_slice(part)
        });
        key
    }

    #[test]
    fn what_is_counted_apart_has_keys_of_its_own() {
        let groups = crate::address::AddressGroups::default();
        let address = |text: &str| groups.key(text.parse().unwrap());
        let nobody = Caller::without_tenant();
        let callers = [
            nobody.clone(),
            nobody.clone().named("a"),
            nobody.clone().named("ab"),
            nobody.clone().address(address("97.98.99.1")),
            nobody.clone().address(address("2001:db8::1")),
            nobody.clone().address_and_name(address("97.98.99.1"), "a"),
            nobody.clone().address_and_name(address("2001:db8::1"), ""),
            nobody
                .clone()
                .address_and_name(address("2001:db8:0:1::1"), ""),
        ];
        let mut keys = vec![];
        for caller in &callers {
            for (class, policy) in [("a", "bc"), ("ab", "c"), ("a", "b")] {
                keys.push(key(caller, class, policy, Dimension::Identity));
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn what_is_counted_together_has_one_key() {
        let (one, other) = (
            Caller::without_tenant().named("one"),
            Caller::without_tenant().named("other"),
        );
        let check = |dimension, classes: [&str; 2], expected: bool| {
            let keys = [
                key(&one, classes[0], "p", dimension),
                key(&other, classes[1], "p", dimension),
            ];
            assert_eq!(keys[0] == keys[1], expected, "{dimension:?} {classes:?}");
        };
        check(Dimension::Tenant, ["a", "b"], true);
        check(Dimension::Class, ["a", "a"], true);
        check(Dimension::Class, ["a", "b"], false);
        check(Dimension::Identity, ["a", "a"], false);
    }

    #[test]
    fn a_network_counts_whose_addresses_lie_in_it_and_nobody_else() {
        let groups = crate::address::AddressGroups::default();
        let nobody = Caller::without_tenant();
        let of = |address: &str, name: &str| {
            let address = groups.key(address.parse().unwrap());
            match name {
                "" => nobody.clone().address(address),
                name => nobody.clone().address_and_name(address, name),
            }
        };
        let policy = |ipv6_bits| {
            let policy = Policy::new("p", Quota::per_hour(1)).unwrap();
            policy.by(Dimension::Network { ipv6_bits })
        };
        let hash = |caller: &Caller, bits| {
            let hasher = std::hash::DefaultHasher::new();
            caller.hash(&policy(bits), hasher)
        };
        let check = |bits: u8, one: Caller, other: Caller, expected: bool| {
            let what = format!("{bits} {one:?} {other:?}");
            let dimension = Dimension::Network { ipv6_bits: bits };
            let [one_key, other_key] = [&one, &other].map(|one| key(one, "c", "p", dimension));
            assert_eq!(one_key == other_key, expected, "{what}");
            let [one, other] = [one, other].map(|one| hash(&one, bits).unwrap());
            assert_eq!(one == other, expected, "{what}");
        };
        let one = || of("2001:db8:1:2::1", "");
        check(48, one(), of("2001:db8:1:ffff::9", ""), true);
        check(48, one(), of("2001:db8:2:2::1", ""), false);
        check(56, one(), of("2001:db8:1:ff::1", ""), true);
        check(56, one(), of("2001:db8:1:100::1", ""), false);
        check(0, one(), of("fe80::1", ""), true);
        // Never narrower than the address itself.
        check(128, one(), of("2001:db8:1:2::9", ""), true);
        check(
            48,
            of("2001:db8:1::1", "ann"),
            of("2001:db8:1:2::1", "ann"),
            true,
        );
        check(
            48,
            of("2001:db8:1::1", "ann"),
            of("2001:db8:1:2::1", "bob"),
            false,
        );
        for uncounted in [
            of("192.0.2.1", ""),
            nobody.clone(),
            nobody.clone().named("6"),
        ] {
            assert_eq!(hash(&uncounted, 48), None, "{uncounted:?}");
        }
    }
}
