use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::quality::RandomState;
use metrics::counter;

use super::caller::Caller;
#[cfg(feature = "redis")]
use super::class::Outage;
use super::clock::Clock;
use super::current::Current;
use super::decision::{Charged, Decision, Standing, Verdict};
use super::rules::Rules;
#[cfg(feature = "redis")]
use super::shared::Shared;
use super::table::Table;

/// How many keys may owe something at the same time before some are counted together.
const KEYS: usize = 100_000;

/// Decides which requests are within their quotas.
///
/// Clones share what they count. [`RateLimitLayer`](super::RateLimitLayer) asks it for every request;
/// a handler may do so as well, for work that costs more than its request says.
#[derive(Clone, Debug)]
pub struct RateLimiter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Current<Rules>,
    table: Table,
    hasher: RandomState,
    clock: Clock,
    #[cfg(feature = "redis")]
    shared: Option<Shared>,
}

/// A [`RateLimiter`] about to be made.
#[derive(Debug)]
#[must_use]
pub struct RateLimiterBuilder {
    rules: Rules,
    keys: usize,
    clock: Clock,
    #[cfg(feature = "redis")]
    shared: Option<Shared>,
}

impl RateLimiter {
    /// A limiter that counts in this process.
    pub fn new(rules: Rules) -> Self {
        Self::builder(rules).build()
    }

    /// A limiter with other settings than the usual.
    pub fn builder(rules: Rules) -> RateLimiterBuilder {
        RateLimiterBuilder {
            rules,
            keys: KEYS,
            clock: Clock::system(),
            #[cfg(feature = "redis")]
            shared: None,
        }
    }

    /// Puts other rules in the place of the present ones, from the next request on. What was used
    /// stays used: a quota that was raised has so much more left at once.
    pub fn set_rules(&self, rules: Rules) {
        self.0.rules.replace(rules);
    }

    /// Admits the request or not, and counts it if it does. A cost of zero only looks.
    ///
    /// Nothing is counted unless every policy of the class admits it. With a shared store this takes
    /// one round trip, and no longer than that store's time-out; dropped meanwhile, the request may
    /// have been counted.
    pub async fn check(&self, caller: &Caller, class: &str, cost: u32) -> Decision {
        #[cfg(feature = "redis")]
        if let Some(shared) = &self.0.shared {
            return self.check_there(shared, caller, class, cost).await;
        }
        self.check_here(caller, class, cost)
    }

    /// The same by what all processes have counted.
    #[cfg(feature = "redis")]
    async fn check_there(
        &self,
        shared: &Shared,
        caller: &Caller,
        class: &str,
        cost: u32,
    ) -> Decision {
        let mut decision = self.undecided(caller, class, cost);
        match shared.take(self.now(), caller, &mut decision).await {
            Ok(()) => decision.count(),
            Err(error) => {
                tracing::debug!(%error, "limits are kept by this process alone");
                counter!("tenancy_rate_limit_fallbacks_total").increment(1);
                self.take(&mut decision);
                if decision.is_admitted() && decision.outage == Outage::Closed {
                    decision.verdict = Verdict::Unavailable;
                }
            }
        }
        decision
    }

    /// The same at once, by what this process has counted whatever others have.
    pub(crate) fn check_here(&self, caller: &Caller, class: &str, cost: u32) -> Decision {
        let mut decision = self.undecided(caller, class, cost);
        self.take(&mut decision);
        decision
    }

    /// Gives back what an admitted request was charged, to all its policies.
    ///
    /// A store that cannot be reached keeps it; so does the debt that keys without a place of their
    /// own share. Give the class [`Charge::OnFailure`](super::Charge::OnFailure): for others this process
    /// remembers what a shared store refused, and does not ask it again before its time.
    pub async fn refund(&self, decision: &Decision) {
        match decision.charged {
            Charged::Local => self.refund_here(decision),
            Charged::Nowhere => {}
            #[cfg(feature = "redis")]
            Charged::Shared => {
                if let Some(shared) = &self.0.shared {
                    shared.refund(decision).await;
                }
            }
        }
    }

    /// Gives back what this process has counted itself.
    pub(super) fn refund_here(&self, decision: &Decision) {
        if decision.charged == Charged::Local {
            let table = &self.0.table;
            table.refund(self.now(), &decision.standings, decision.cost);
        }
    }

    /// Whether a store is asked that processes share.
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unused_self, reason = "no limiter has a store then")
    )]
    pub(super) fn is_shared(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.0.shared.is_some();
        #[cfg(not(feature = "redis"))]
        false
    }

    /// How much memory this process's own counts take, in bytes: fixed when the limiter is made.
    pub fn memory_bytes(&self) -> usize {
        self.0.table.bytes()
    }

    /// What is to be asked of the store.
    fn undecided(&self, caller: &Caller, class: &str, cost: u32) -> Decision {
        self.0.rules.read(|rules| {
            let class = rules.find(class);
            let changes = rules.changes(caller.tenant());
            let mut decision = Decision::new(class, cost);
            for policy in &class.policies {
                let Some(hash) = caller.hash(policy, self.0.hasher.build_hasher()) else {
                    continue;
                };
                let standing = Standing::new(policy, hash, changes.quota(policy));
                decision.standings.push(standing);
            }
            decision
        })
    }

    /// Decides by what this process has counted.
    fn take(&self, decision: &mut Decision) {
        let (standings, cost) = (&mut decision.standings, decision.cost);
        let placeless = self.0.table.take(self.now(), standings, cost);
        if placeless > 0 {
            counter!("tenancy_rate_limit_placeless_total").increment(placeless as u64);
        }
        if decision.standings.iter().any(Standing::is_exceeded) {
            decision.verdict = Verdict::Exceeded;
            decision.count();
        } else if cost > 0 {
            decision.charged = Charged::Local;
        }
    }

    fn now(&self) -> u64 {
        self.0.clock.now()
    }
}

impl RateLimiterBuilder {
    /// How many keys may owe something at the same time. Beyond that, some are counted together, so
    /// that they may be refused too early and never too late; the counter
    /// `tenancy_rate_limit_placeless_total` tells. About 50 bytes each are taken at once. Default:
    /// 100,000.
    pub fn keys(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }

    /// Takes the time from tokio, whose clock a test can stop. Default: the system's.
    pub fn tokio_clock(mut self) -> Self {
        self.clock = Clock::tokio();
        self
    }

    /// Counts in Redis or Valkey, together with all processes whose limiters have the same prefix.
    ///
    /// While it is away this process counts for itself; see [`Outage`](super::Outage). What it
    /// counted meanwhile is not added to the others' counts.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, redis: tenancy_core::redis::Redis, prefix: &str) -> Self {
        self.shared = Some(Shared::new(redis, prefix));
        self
    }

    /// Makes the limiter, and takes its memory.
    pub fn build(self) -> RateLimiter {
        RateLimiter(Arc::new(Inner {
            rules: Current::new(self.rules),
            table: Table::new(self.keys),
            hasher: RandomState::default(),
            clock: self.clock,
            #[cfg(feature = "redis")]
            shared: self.shared,
        }))
    }
}

impl Decision {
    fn count(&self) {
        for outcome in self.exceeded() {
            let (class, policy) = (self.class.as_str(), outcome.policy().as_str());
            let labels = [("class", class), ("policy", policy)];
            counter!("tenancy_rate_limit_exceeded_total", &labels).increment(1);
        }
    }
}
