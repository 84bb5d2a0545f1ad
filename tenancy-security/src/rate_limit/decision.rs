use std::time::Duration;

use smallvec::SmallVec;

#[cfg(feature = "redis")]
use super::class::Outage;
use super::class::{Charge, Class};
#[cfg(any(feature = "redis", test))]
use super::policy::Dimension;
use super::policy::{Name, Policy};
use super::quota::Quota;

/// What became of a request, and how its caller stands with each policy.
#[derive(Clone, Debug)]
#[must_use]
pub struct Decision {
    pub(super) verdict: Verdict,
    pub(super) class: Name,
    pub(super) charge: Charge,
    #[cfg(feature = "redis")]
    pub(super) outage: Outage,
    /// One for each policy of the class that counts the caller, in its order.
    pub(super) standings: Standings,
    pub(super) cost: u32,
    pub(super) charged: Charged,
    /// What the standings are called in the shared store, where it was asked.
    #[cfg(feature = "redis")]
    #[expect(
        clippy::box_collection,
        reason = "a decision is moved more often than it has any"
    )]
    pub(super) keys: Option<Box<Vec<String>>>,
}

/// The way of one through a layer moves it several times, which is a call each for what is larger.
const _: () = assert!(size_of::<Decision>() <= 128);

pub(super) type Standings = SmallVec<[Standing; 2]>;

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// Yes, and it was counted.
    Admitted,
    /// No: a quota is used up. Nothing was counted.
    Exceeded,
    /// No: the store that processes share is away, and the class is closed meanwhile.
    Unavailable,
}

/// Which store counted it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Charged {
    Local,
    Nowhere,
    #[cfg(feature = "redis")]
    Shared,
}

/// What a caller owes under one policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) policy: Name,
    #[cfg(any(feature = "redis", test))]
    pub(super) dimension: Dimension,
    /// A keyed hash of whom the policy counts.
    pub(super) hash: u64,
    pub(super) quota: Quota,
    /// In nanoseconds.
    pub(super) debt: u64,
    pub(super) seen: Seen,
}

/// What was found out about a policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    Exceeded,
    Nothing,
    Within,
}

impl Standing {
    pub(super) fn new(policy: &Policy, hash: u64, quota: Quota) -> Self {
        Self {
            policy: policy.name,
            #[cfg(any(feature = "redis", test))]
            dimension: policy.dimension,
            hash,
            quota,
            debt: 0,
            seen: Seen::Nothing,
        }
    }

    pub(super) fn is_exceeded(&self) -> bool {
        self.seen == Seen::Exceeded
    }
}

/// How the caller stands with one policy, after the request.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    standing: &'a Standing,
    cost: u32,
}

impl Decision {
    /// One that has not looked at any policy yet.
    pub(super) fn new(class: &Class, cost: u32) -> Self {
        Self {
            verdict: Verdict::Admitted,
            class: class.name,
            charge: class.charge,
            #[cfg(feature = "redis")]
            outage: class.outage,
            standings: Standings::new(),
            cost,
            charged: Charged::Nowhere,
            #[cfg(feature = "redis")]
            keys: None,
        }
    }

    /// Whether the request may go on.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether it may.
    pub fn is_admitted(&self) -> bool {
        self.verdict == Verdict::Admitted
    }

    /// How the caller stands with each policy that was looked at. None where the class has none
    /// that count him.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        let standings = self.standings.iter();
        let looked_at = standings.filter(|standing| standing.seen != Seen::Nothing);
        looked_at.map(|standing| Outcome {
            standing,
            cost: self.cost,
        })
    }

    /// The policies that stood in the way.
    pub fn exceeded(&self) -> impl Iterator<Item = Outcome<'_>> {
        self.outcomes().filter(Outcome::is_exceeded)
    }

    /// How long to wait before the same request can be admitted. `None` if it was admitted, or if it
    /// costs more than a whole quota and never will be.
    pub fn retry_after(&self) -> Option<Duration> {
        let mut longest = None;
        for outcome in self.exceeded() {
            longest = longest.max(Some(outcome.wait()?));
        }
        longest
    }

    /// The policy that the caller will meet first: one that stood in the way, or that has least left.
    pub fn tightest(&self) -> Option<Outcome<'_>> {
        let share = |outcome: &Outcome<'_>| {
            let amount = f64::from(outcome.quota().amount().max(1));
            f64::from(outcome.left()) / amount
        };
        self.outcomes().min_by(|one, other| {
            let by_refusal = other.is_exceeded().cmp(&one.is_exceeded());
            by_refusal.then_with(|| share(one).total_cmp(&share(other)))
        })
    }
}

impl<'a> Outcome<'a> {
    /// The policy's name.
    pub fn policy(&self) -> &'a Name {
        &self.standing.policy
    }

    /// The quota that holds for this caller now.
    pub fn quota(&self) -> Quota {
        self.standing.quota
    }

    /// How many more are allowed at once.
    pub fn left(&self) -> u32 {
        self.quota().pace().left(self.standing.debt)
    }

    /// How long until the whole amount is there again, if nothing more is used.
    pub fn reset(&self) -> Duration {
        Duration::from_nanos(self.standing.debt)
    }

    /// Whether this policy stood in the way.
    pub fn is_exceeded(&self) -> bool {
        self.standing.is_exceeded()
    }

    /// How long until this policy would admit the same request once more; `None` if it never will.
    pub fn wait(&self) -> Option<Duration> {
        let wait = self.quota().pace().wait(self.standing.debt, self.cost);
        wait.map(Duration::from_nanos)
    }
}
