use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::{SignedDuration, Timestamp};
use tenancy_core::TenantId;

use crate::address::AddressGroups;

/// The longest reason, in bytes; longer ones are cut at a character.
const REASON_BYTES_MAX: usize = 200;

/// What an entry of a [`BlockList`](super::BlockList) does.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Effect {
    /// Serves the network whatever else is said about it, in the same list.
    Allow,
    /// Refuses the network.
    #[default]
    Block,
}

/// An entry of a [`BlockList`](super::BlockList).
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Block {
    pub(super) network: IpNet,
    pub(super) tenant_id: Option<TenantId>,
    pub(super) effect: Effect,
    pub(super) reason: Box<str>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// Why a request was refused, in its response's extensions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Blocked(pub Block);

impl Block {
    /// Blocks a network for the whole platform, until the entry is removed. The reason is for
    /// operators, and cut after 200 bytes.
    ///
    /// An IPv4 network in the form of IPv6 (`::ffff:192.0.2.0/120`, or behind NAT64
    /// `64:ff9b::192.0.2.0/120`) is the IPv4 network.
    pub fn new(network: IpNet, reason: &str) -> Self {
        Self {
            network: plain(network),
            tenant_id: None,
            effect: Effect::Block,
            reason: reason[..reason.floor_char_boundary(REASON_BYTES_MAX)].into(),
            since: None,
            until: None,
        }
    }

    /// For the requests of one tenant only.
    pub fn of_tenant(mut self, tenant_id: TenantId) -> Self {
        self.tenant_id = Some(tenant_id);
        self
    }

    /// What the entry does. Default: [`Effect::Block`].
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// When the entry began, by which a guard tells how long the next one is to be. Default: not known.
    pub fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// When the entry ends. Default: never.
    pub fn until(mut self, until: Timestamp) -> Self {
        self.until = Some(until);
        self
    }

    /// The network that is meant.
    pub fn network(&self) -> IpNet {
        self.network
    }

    /// Whether it serves the network rather than refuse it.
    pub fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// The tenant whose requests are meant; those of all if there is none.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.tenant_id
    }

    /// Why it is there.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// When it began, if that is known.
    pub fn began_at(&self) -> Option<Timestamp> {
        self.since
    }

    /// When it ends, if it does.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether it ends after another one does, or less than so much before.
    pub(super) fn lasts_until(&self, other: &Self, short_of: SignedDuration) -> bool {
        match (self.until, other.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(until), Some(other)) => other.duration_since(until) < short_of,
        }
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

fn plain(network: IpNet) -> IpNet {
    let IpNet::V6(ipv6) = network else {
        return network.trunc();
    };
    let translated = AddressGroups::default().plain(ipv6.addr().into());
    let ipv4 = match translated {
        IpAddr::V4(ipv4) => Some(ipv4),
        IpAddr::V6(_) => None,
    };
    match (ipv4, ipv6.prefix_len()) {
        (Some(ipv4), bits @ 96..) => IpNet::V4(Ipv4Net::new_assert(ipv4, bits - 96).trunc()),
        _ => IpNet::V6(Ipv6Net::trunc(&ipv6)),
    }
}
