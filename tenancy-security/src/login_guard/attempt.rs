use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_core::problem::Problem;

use super::guard::LoginGuard;
use crate::address::AddressKey;
use crate::rate_limit::{Caller, Decision};

/// An attempt to sign in that may go on.
///
/// It counts as a failure unless it is said to have [`succeeded`](Self::succeeded), so many at once,
/// and those that are dropped, are no way round.
#[derive(Debug)]
#[must_use = "say how it ended"]
pub struct Attempt {
    pub(super) guard: LoginGuard,
    pub(super) taken: Decision,
    /// What the account was charged, over addresses.
    pub(super) late: Decision,
    /// The account from the address.
    pub(super) pair: Caller,
    pub(super) address: Caller,
    pub(super) tenant_id: Option<TenantId>,
    pub(super) network: AddressKey,
    /// Failures of the account beyond the guard's patience.
    pub(super) beyond: u32,
}

/// An attempt to sign in that may not go on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("too many attempts to sign in have failed")]
pub struct Refused {
    decision: Box<Decision>,
}

impl Attempt {
    /// How long to wait before the answer, whichever it is.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.guard.delay(self.beyond)
    }

    /// Whether the password alone should not do, because many have failed for this account of late.
    #[must_use]
    pub fn wants_proof(&self) -> bool {
        self.beyond > 0
    }

    /// No password was looked at after all, so there was nothing to learn for who guesses.
    pub async fn withdrawn(self) {
        self.succeeded().await;
    }

    /// The password was right.
    pub async fn succeeded(self) {
        self.guard.clone().succeeded(&self).await;
    }

    /// The password was wrong, or there is no such account.
    pub async fn failed(self) {
        self.guard.clone().failed(&self).await;
    }
}

impl Refused {
    pub(super) fn of(decision: &Decision) -> Self {
        let decision = Box::new(decision.clone());
        Self { decision }
    }

    /// When to try again; `None` while the store that processes share is away.
    pub fn retry_after(&self) -> Option<Duration> {
        self.decision.retry_after()
    }
}

/// The same as that of a rate limit: 429, or 503 while the store is away.
impl From<&Refused> for Problem {
    fn from(refused: &Refused) -> Self {
        let problem = refused.decision.problem();
        problem.expect("a refused attempt was not admitted")
    }
}
