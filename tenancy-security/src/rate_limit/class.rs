use std::hash::BuildHasher as _;

use foldhash::quality::FixedState;
use http::{Extensions, Response};

use super::decision::Decision;
use super::policy::{Dimension, InvalidName, Name, Policy};
use crate::block::Blocked;
use crate::load_shed::Overload;
use crate::{csrf, threat};

/// When a request counts.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Charge {
    /// Every request that is admitted.
    #[default]
    OnArrival,
    /// Only those whose answer is a client's error (4xx), such as a wrong password. Each is charged
    /// when it arrives and paid back when it succeeds, so that many at once are no way round.
    /// It is paid back as well where a layer of this crate further in refuses it, since no password was
    /// looked at then: another site could use up the attempts of whoever visits it.
    OnFailure,
}

impl Charge {
    /// Whether a request is paid back that was answered so.
    pub(super) fn is_paid_back<B>(self, response: &Response<B>) -> bool {
        let is_failure =
            response.status().is_client_error() && !is_refused_further_in(response.extensions());
        self == Self::OnFailure && !is_failure
    }
}

/// Whether a layer of this crate refused the request, so that no handler saw it.
fn is_refused_further_in(answer: &Extensions) -> bool {
    answer.get::<Blocked>().is_some()
        || answer.get::<Decision>().is_some()
        || answer.get::<Overload>().is_some()
        || answer.get::<csrf::Refusal>().is_some()
        || answer.get::<threat::Refusal>().is_some()
}

/// What a class does while the store that processes share is away. In either case this process
/// holds its own callers to the quotas meanwhile.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outage {
    /// Nobody is admitted: 503.
    Closed,
    /// Whoever is within the quota in this process alone is admitted.
    #[default]
    Open,
}

/// A kind of request, and the policies it is held to.
#[derive(Clone, Debug)]
#[must_use]
pub struct Class {
    pub(super) name: Name,
    pub(super) policies: Vec<Policy>,
    pub(super) charge: Charge,
    pub(super) outage: Outage,
}

impl Class {
    /// A class without policies, which admits everything.
    ///
    /// # Errors
    /// If the name is none.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        Ok(Self {
            name: name.parse()?,
            policies: vec![],
            charge: Charge::default(),
            outage: Outage::default(),
        })
    }

    /// One more policy. A request is admitted by all of them or counts for none. A policy of the
    /// same name is replaced.
    pub fn policy(mut self, mut policy: Policy) -> Self {
        policy.mark = match policy.dimension {
            Dimension::Tenant => hash(&[&policy.name]),
            Dimension::Class | Dimension::Identity | Dimension::Network { .. } => {
                hash(&[&policy.name, &self.name])
            }
        };
        self.policies.retain(|known| known.name != policy.name);
        self.policies.push(policy);
        self
    }

    /// When a request counts. Default: on arrival.
    pub fn charge(mut self, charge: Charge) -> Self {
        self.charge = charge;
        self
    }

    /// What happens while the shared store is away. Default: [`Outage::Open`].
    pub fn outage(mut self, outage: Outage) -> Self {
        self.outage = outage;
        self
    }
}

/// Names are the server's own, so anybody may know what becomes of them.
fn hash(names: &[&Name]) -> u64 {
    FixedState::default().hash_one(names)
}
