use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;
#[cfg(feature = "redis")]
use tenancy_core::TenantId;

#[cfg(feature = "redis")]
use super::caller::Key;
use super::class::Class;
use super::policy::Name;
use super::quota::Quota;

/// What became of a request, and how its caller stands with each policy.
#[derive(Clone, Debug)]
#[must_use]
pub struct Decision {
    pub(super) verdict: Verdict,
    pub(super) outcomes: Outcomes,
    pub(super) class: Arc<Class>,
    pub(super) cost: u32,
    pub(super) charged: Charged,
    #[cfg(feature = "redis")]
    pub(super) tenant_id: Option<TenantId>,
}

pub(super) type Outcomes = SmallVec<[Outcome; 3]>;

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

/// How the caller stands with one policy, after this request.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub(super) policy: Name,
    pub(super) quota: Quota,
    pub(super) left: u32,
    pub(super) reset: Duration,
    pub(super) is_exceeded: bool,
    pub(super) wait: Option<Duration>,
    #[cfg(feature = "redis")]
    pub(super) key: Key,
    pub(super) hash: u64,
}

impl Decision {
    /// Whether the request may go on.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether it may.
    pub fn is_admitted(&self) -> bool {
        self.verdict == Verdict::Admitted
    }

    /// How the caller stands with each policy that was looked at. None where the class has none.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The policies that stood in the way.
    pub fn exceeded(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.is_exceeded)
    }

    /// How long to wait before the same request can be admitted. `None` if it was admitted, or if it
    /// costs more than a whole quota and never will be.
    pub fn retry_after(&self) -> Option<Duration> {
        let mut longest = None;
        for outcome in self.exceeded() {
            longest = longest.max(Some(outcome.wait?));
        }
        longest
    }

    /// The policy that the caller will meet first: one that stood in the way, or that has least left.
    pub fn tightest(&self) -> Option<&Outcome> {
        let share = |outcome: &Outcome| {
            let amount = f64::from(outcome.quota.amount().max(1));
            (!outcome.is_exceeded, f64::from(outcome.left) / amount)
        };
        let by_share = |one: &&Outcome, other: &&Outcome| {
            let (one, other) = (share(one), share(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        };
        self.outcomes.iter().min_by(by_share)
    }
}

impl Outcome {
    /// The policy's name.
    pub fn policy(&self) -> &Name {
        &self.policy
    }

    /// The quota that holds for this caller now.
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// How many more are allowed at once.
    pub fn left(&self) -> u32 {
        self.left
    }

    /// How long until the whole amount is there again, if nothing more is used.
    pub fn reset(&self) -> Duration {
        self.reset
    }

    /// Whether this policy stood in the way.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    /// How long until this policy would admit the same request; zero if it would now, `None` if it
    /// never will.
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }
}
